"""What only shows when the resources of a plan are seen together: address spaces, priorities, names taken twice."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any, Iterator

Planned = tuple[str, dict[str, Any]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Their names are host names, so they are one space for everybody on Azure.
_ONCE_IN_THE_WORLD = (
    "azurerm_storage_account",
    "azurerm_key_vault",
    "azurerm_container_registry",
    "azurerm_postgresql_flexible_server",
    "azurerm_managed_redis",
)
# Subnets with a meaning: the smallest each may be.
_SMALLEST = {"GatewaySubnet": 27, "AzureFirewallSubnet": 26, "AzureBastionSubnet": 26}


def check_stack(planned: list[Planned]) -> Iterator[str]:
    """One stack's plan. Values Terraform does not know yet are left out."""
    networks = {_key(v): _networks(v.get("address_space")) for v in _of(planned, "azurerm_virtual_network")}
    for (one, its), (other, others) in itertools.combinations(networks.items(), 2):
        for a, b in itertools.product(its, others):
            if a.version == b.version and a.overlaps(b):
                yield f"networks {one[1]} ({a}) and {other[1]} ({b}) overlap: they can never be peered"
    yield from _check_subnets(planned, networks)
    yield from _check_clusters(planned, [network for its in networks.values() for network in its])
    yield from _check_priorities(planned)


def check_all(planned: list[Planned]) -> Iterator[str]:
    """All stacks' plans together."""
    for kind in _ONCE_IN_THE_WORLD:
        names = [v["name"].lower() for v in _of(planned, kind) if isinstance(v.get("name"), str)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"two {kind} are called {name}, and such a name exists once in the world"


def _of(planned: list[Planned], kind: str) -> list[dict[str, Any]]:
    return [values for type_, values in planned if type_ == kind]


def _key(values: dict[str, Any], field: str = "name") -> tuple[str, str]:
    return str(values.get("resource_group_name")), str(values.get(field))


def _networks(values: Any) -> list[Network]:
    """The networks among some values; what is no network was told by `_bad`."""
    found = []
    for value in values if isinstance(values, list) else [values]:
        try:
            found.append(ipaddress.ip_network(value))
        except (ValueError, TypeError):
            continue
    return found


def _bad(values: Any) -> Iterator[str]:
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, str):
            try:
                ipaddress.ip_network(value)
            except ValueError as error:
                yield str(error)


def _check_subnets(planned: list[Planned], networks: dict[tuple[str, str], list[Network]]) -> Iterator[str]:
    for values in _of(planned, "azurerm_virtual_network"):
        yield from (f"network {values.get('name')}: {said}" for said in _bad(values.get("address_space")))
    taken: dict[tuple[str, str], list[tuple[str, Network]]] = {}
    for values in _of(planned, "azurerm_subnet"):
        name, key = str(values.get("name")), _key(values, "virtual_network_name")
        yield from (f"subnet {name}: {said}" for said in _bad(values.get("address_prefixes")))
        for prefix in _networks(values.get("address_prefixes")):
            if key in networks and not any(s.version == prefix.version and prefix.subnet_of(s) for s in networks[key]):
                yield f"subnet {name} ({prefix}) is not within its network {key[1]}"
            for other, theirs in taken.get(key, []):
                if theirs.version == prefix.version and theirs.overlaps(prefix):
                    yield f"subnets {other} ({theirs}) and {name} ({prefix}) of {key[1]} overlap"
            if prefix.version == 4 and prefix.prefixlen > _SMALLEST.get(name, 29):
                yield f"subnet {name} ({prefix}) is smaller than Azure's least, /{_SMALLEST.get(name, 29)}"
            taken.setdefault(key, []).append((name, prefix))


def _check_clusters(planned: list[Planned], networks: list[Network]) -> Iterator[str]:
    for values in _of(planned, "azurerm_kubernetes_cluster"):
        for profile in values.get("network_profile") or []:
            inner = {field: _networks(profile.get(field)) for field in ("service_cidr", "pod_cidr")}
            for field, own in inner.items():
                for a, b in itertools.product(own, networks):
                    if a.version == b.version and a.overlaps(b):
                        yield f"cluster {values.get('name')}: {field} {a} overlaps the network {b}"
            for a, b in itertools.product(*inner.values()):
                if a.version == b.version and a.overlaps(b):
                    yield f"cluster {values.get('name')}: service_cidr {a} overlaps pod_cidr {b}"
            address = profile.get("dns_service_ip")
            if isinstance(address, str) and inner["service_cidr"]:
                if not any(ipaddress.ip_address(address) in network for network in inner["service_cidr"]):
                    yield f"cluster {values.get('name')}: dns_service_ip {address} is not within its service_cidr"


def _check_priorities(planned: list[Planned]) -> Iterator[str]:
    rules = [(v.get("network_security_group_name"), v) for v in _of(planned, "azurerm_network_security_rule")]
    for group in _of(planned, "azurerm_network_security_group"):
        rules += [(group.get("name"), rule) for rule in group.get("security_rule") or []]
    seen: dict[tuple[Any, ...], str] = {}
    for group, rule in rules:
        key = (group, rule.get("direction"), rule.get("priority"))
        if all(isinstance(part, (str, int, float)) for part in key):
            if key in seen:
                yield f"rules {seen[key]} and {rule.get('name')} of {group} have one priority, {rule.get('priority')}"
            seen[key] = str(rule.get("name"))
