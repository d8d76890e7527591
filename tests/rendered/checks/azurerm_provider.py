"""Stands in for the azurerm provider: answers the real Terraform over its plugin protocol, and makes nothing.

Terraform finds it through TF_REATTACH_PROVIDERS, so nothing is downloaded, and one server serves all stacks. It
plans as the real provider does: what is only known after a resource exists is unknown in the plan. Applying fills
those in with made-up values, so that a stack which reads another one's outputs can be planned as well.
"""

from __future__ import annotations

import json
import os
from concurrent import futures
from typing import Any, Iterable

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from azurerm_schema import Schema

SOURCE = "hashicorp/azurerm"
_UNKNOWN = msgpack.ExtType(0, b"")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def _read(value: pb.DynamicValue) -> Any:
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json)


def _written(value: Any) -> pb.DynamicValue:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def _path(place: list[Any]) -> pb.AttributePath:
    path = pb.AttributePath()
    for step in place:
        path.steps.add(**({"element_key_int": step} if isinstance(step, int) else {"attribute_name": step}))
    return path


def _unknown_where_computed(block: pb.Schema.Block, value: dict[str, Any]) -> None:
    for attribute in block.attributes:
        if attribute.name.endswith("_wo"):
            value[attribute.name] = None
        elif attribute.computed and value.get(attribute.name) is None:
            value[attribute.name] = _UNKNOWN
    for nested in block.block_types:
        inner = value.get(nested.type_name)
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, dict):
                _unknown_where_computed(nested.block, item)


def _invented(block: pb.Schema.Block, value: dict[str, Any], kind: str) -> None:
    for attribute in block.attributes:
        if isinstance(value.get(attribute.name), msgpack.ExtType):
            value[attribute.name] = _invention(attribute, value, kind)
    for nested in block.block_types:
        inner = value.get(nested.type_name)
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, dict):
                _invented(nested.block, item, kind)


def _invention(attribute: pb.Schema.Attribute, value: dict[str, Any], kind: str) -> Any:
    if attribute.name == "id":
        return f"/subscriptions/{_NOBODY}/resourceGroups/check/providers/{kind}/{value.get('name', 'unnamed')}"
    type_ = json.loads(attribute.type)
    if type_ == "string":
        is_id = attribute.name.endswith(("principal_id", "client_id", "tenant_id", "object_id", "subscription_id"))
        return _NOBODY if is_id else f"check-{attribute.name}"
    return {"number": 0, "bool": False}.get(type_ if isinstance(type_, str) else "", [])


def _tell(response: Any, wrong: Iterable[tuple[list[Any], str]]) -> None:
    for place, message in wrong:
        response.diagnostics.add(
            severity=pb.Diagnostic.ERROR,
            summary="a value that Azure does not take",
            detail=message,
            attribute=_path(place),
        )


class _Provider(rpc.ProviderServicer):
    """The part of the protocol that `validate`, `plan` and `apply` use."""

    def __init__(self, schema: Schema):
        self.schema = schema
        # Every resource planned since somebody last asked: Terraform tells its type and values, not its address.
        self.planned: list[tuple[str, dict[str, Any]]] = []

    def GetMetadata(self, request: Any, context: Any) -> Any:
        return pb.GetMetadata.Response(
            server_capabilities=pb.ServerCapabilities(plan_destroy=True),
            resources=[pb.GetMetadata.ResourceMetadata(type_name=name) for name in self.schema.resources],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=name) for name in self.schema.data_sources],
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return pb.GetProviderSchema.Response(
            provider=self.schema.provider,
            resource_schemas=self.schema.resources,
            data_source_schemas=self.schema.data_sources,
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        response = pb.ValidateResourceConfig.Response()
        _tell(response, self.schema.wrong_values(request.type_name, _read(request.config) or {}))
        return response

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateDataResourceConfig.Response()

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        return pb.UpgradeResourceState.Response(upgraded_state=pb.DynamicValue(json=request.raw_state.json))

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state)

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        value = _read(request.config)
        block = self.schema.data_sources[request.type_name].block
        _unknown_where_computed(block, value)
        _invented(block, value, request.type_name)
        return pb.ReadDataSource.Response(state=_written(value))

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        value = _read(request.proposed_new_state)
        response = pb.PlanResourceChange.Response()
        if value is not None:
            # Not when validating: a variable is unknown then, and may turn out not to be given at all.
            _tell(response, self.schema.wrong_together(request.type_name, _read(request.config)))
            _unknown_where_computed(self.schema.resources[request.type_name].block, value)
            self.planned.append((request.type_name, value))
        response.planned_state.CopyFrom(_written(value))
        return response

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        value = _read(request.planned_state)
        if value is not None:
            _invented(self.schema.resources[request.type_name].block, value, request.type_name)
        return pb.ApplyResourceChange.Response(new_state=_written(value))

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()


class Server:
    """The provider, listening on a free loopback port while the `with` block lasts."""

    def __init__(self, used: set[str]):
        self._server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)])
        self._provider = _Provider(Schema(used))
        rpc.add_ProviderServicer_to_server(self._provider, self._server)
        self._port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> "Server":
        self._server.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.stop(grace=None)

    def take_planned(self) -> list[tuple[str, dict[str, Any]]]:
        """The resources planned since this was last asked."""
        planned, self._provider.planned = self._provider.planned, []
        return planned

    def reattach(self) -> str:
        """What Terraform needs to find it."""
        address = {"Network": "tcp", "String": f"127.0.0.1:{self._port}"}
        return json.dumps(
            {SOURCE: {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}}
        )
