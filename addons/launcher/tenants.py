"""Which tenants the processes of a stamp serve: one small JSON file each, read again when they change.

In a cluster the directory is a mounted ConfigMap, which Kubernetes changes in place: a new tenant is served without a
restart of anything. Only the standard library is used here, because probes run this every few seconds.
"""
import dataclasses
import json
import os
import pathlib
import time

# Between two looks at the directory: a mounted ConfigMap takes a minute to change anyway.
LOOK_EVERY_S = 2.0


@dataclasses.dataclass(frozen=True)
class Tenant:
    name: str
    database: str
    role: str
    host: str
    connections_max: int
    statement_timeout_ms: int


class Tenants:
    """The tenants in a directory. A file that cannot be read keeps what was known of its tenant before."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._seen = None
        self._looked = float("-inf")
        self._by_name: dict[str, Tenant] = {}
        self._by_database: dict[str, Tenant] = {}
        self._by_host: dict[str, Tenant] = {}

    def all(self) -> list[Tenant]:
        self._look()
        return [self._by_name[name] for name in sorted(self._by_name)]

    def of_database(self, database: str) -> Tenant | None:
        self._look()
        return self._by_database.get(database)

    def of_host(self, host: str) -> Tenant | None:
        """The port does not count, nor does `www.` before a name that has none of its own."""
        self._look()
        name = host.partition(":")[0].lower()
        return self._by_host.get(name) or self._by_host.get(name.removeprefix("www."))

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        try:
            files = sorted(path for path in self.directory.iterdir() if path.suffix == ".json")
            seen = [(path.name, os.stat(path).st_mtime_ns, os.stat(path).st_ino) for path in files]
        except OSError:
            # Being replaced, or gone: whoever was served goes on being served.
            return
        if seen == self._seen:
            return
        found = {path.stem: self._read(path) for path in files}
        self._seen = seen
        self._by_name = {name: tenant for name, tenant in found.items() if tenant}
        self._by_database = {tenant.database: tenant for tenant in self._by_name.values()}
        self._by_host = {tenant.host.lower(): tenant for tenant in self._by_name.values()}

    def _read(self, path: pathlib.Path) -> Tenant | None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return Tenant(**{field.name: document[field.name] for field in dataclasses.fields(Tenant)})
        except (OSError, ValueError, KeyError, TypeError):
            return self._by_name.get(path.stem)


def from_environment() -> Tenants | None:
    """The tenants of `PLIMSOLL_TENANTS`; without it, the configuration says which database there is."""
    directory = os.environ.get("PLIMSOLL_TENANTS")
    return Tenants(directory) if directory else None


def read_password(name: str) -> str | None:
    """A password from the directory `PLIMSOLL_ROLES`, where each is a file that is replaced when it changes."""
    directory = os.environ.get("PLIMSOLL_ROLES")
    if not directory:
        return None
    try:
        return pathlib.Path(directory, name).read_text(encoding="utf-8").strip()
    except OSError:
        return None


# File of the role that belongs to no tenant; no tenant's name begins with an underscore.
LISTENER = "_listener"


def connection(tenants: Tenants, database: str, user: str | None) -> dict[str, str]:
    """What a connection to this database says beside its address: role and password."""
    tenant = tenants.of_database(database)
    if tenant is None:
        # The database `postgres`, where Odoo listens for notifications.
        owner = next((one for one in tenants.all() if one.role == user), None)
        password = read_password(owner.name if owner else LISTENER)
        return {"password": password} if password else {}
    settings = {"user": tenant.role}
    password = read_password(tenant.name)
    if password:
        settings["password"] = password
    return settings
