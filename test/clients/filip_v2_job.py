"""A whole job of filip by NGSI v2: connect, write, query, page, subscribe and be told, delete. The argument is the URL of the broker."""
import sys

from filip.clients.ngsi_v2.cb import ContextBrokerClient
from filip.models.base import FiwareHeader
from filip.models.ngsi_v2.base import NamedMetadata
from filip.models.ngsi_v2.context import ContextEntity, NamedContextAttribute, Query
from filip.models.ngsi_v2.subscriptions import Message, Subscription

from receiver import Receiver


def lamp(number, power=70):
    return ContextEntity(id=f"Lamp{number}", type="Lamp", power={"type": "Number", "value": power})


client = ContextBrokerClient(url=sys.argv[1], fiware_header=FiwareHeader(service="filip", service_path="/street"))
assert client.get_version()["orion"]["version"]
assert "uptime_in_secs" in client.get_statistics()
assert client.get_resources()["entities_url"] == "/v2/entities"

client.post_entity(lamp(1))
client.post_entity(lamp(1, 71), update=True)
client.post_entity(lamp(1, 71), patch=True)
assert client.does_entity_exist("Lamp1", "Lamp")
client.update(entities=[lamp(number) for number in range(2, 8)], action_type="append")
assert client.get_entity("Lamp1", "Lamp").power.value == 71
assert client.get_entity("Lamp1", response_format="keyValues").power == 71
assert len(client.get_entity_list(entity_types=["Lamp"], limit=5)) == 5
assert len(client.get_entity_list(entity_types=["Lamp"])) == 7
assert [one.id for one in client.get_entity_list(entity_types=["Lamp"], q="power>70")] == ["Lamp1"]
assert len(client.get_entity_list(id_pattern="^Lamp")) == 7
assert len(client.get_entity_list(type_pattern="La.*")) == 7
query = Query(entities=[{"idPattern": ".*", "type": "Lamp"}], expression={"q": "power>70"})
assert [one.id for one in client.query(query=query)] == ["Lamp1"]
assert client.get_entity_types()[0]["type"] == "Lamp"
assert client.get_entity_type("Lamp")["count"] == 7

receiver = Receiver()
subscription = Subscription(
    description="lamps",
    subject={"entities": [{"idPattern": ".*", "type": "Lamp"}], "condition": {"attrs": ["power"]}},
    notification={"http": {"url": receiver.url}, "attrs": ["power"]},
)
told = client.post_subscription(subscription)
assert client.post_subscription(subscription) == told
assert [one.id for one in client.get_subscription_list()] == [told]
client.update_attribute_value(entity_id="Lamp1", attr_name="power", value=90)
message = Message.model_validate(receiver.next())
assert message.subscriptionId == told and message.data[0].power.value == 90
shown = client.get_subscription(told)
shown.description = "all lamps"
client.update_subscription(shown)
assert client.get_subscription(told).description == "all lamps"

client.update_or_append_entity_attributes("Lamp1", entity_type="Lamp", attrs=[NamedContextAttribute(name="height", type="Number", value=4)])
unit = NamedMetadata(name="unitCode", type="Text", value="MTR")
client.update_entity_attribute("Lamp1", NamedContextAttribute(name="height", type="Number", value=5, metadata=[unit]))
assert client.get_attribute("Lamp1", "height").metadata["unitCode"].value == "MTR"
assert client.get_attribute_value("Lamp1", "height") == 5
client.update_attribute_value(entity_id="Lamp1", attr_name="height", value="high")
assert client.get_attribute_value("Lamp1", "height") == "high"
client.update_attribute_value(entity_id="Lamp1", attr_name="height", value={"m": 5})
assert client.get_attribute_value("Lamp1", "height") == {"m": 5}
client.update_existing_entity_attributes("Lamp1", entity_type="Lamp", attrs=[NamedContextAttribute(name="height", type="Number", value=6)])
assert "height" in client.get_entity_attributes("Lamp1")
client.delete_entity_attribute("Lamp1", "height")
changed = client.get_entity("Lamp1", "Lamp")
changed.power.value = 12
client.patch_entity(changed)
client.override_entity(lamp(1, 13))
assert client.get_entity("Lamp1").power.value == 13
client.notify(Message(subscriptionId=told, data=[lamp(9)]))
client.delete_subscription(told)
client.delete_entity("Lamp1", "Lamp")
client.delete_entities([lamp(9)] + [lamp(number) for number in range(2, 8)])
assert client.get_entity_list(entity_types=["Lamp"]) == []
print("done")
