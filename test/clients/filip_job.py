"""A whole job of filip: connect, write, query, page, subscribe and be told, delete. The argument is the URL of the broker."""
import sys

from filip.clients.ngsi_ld.cb import ContextBrokerLDClient
from filip.models.base import FiwareLDHeader
from filip.models.ngsi_ld.context import ActionTypeLD, ContextLDEntity, ContextProperty
from filip.models.ngsi_ld.subscriptions import SubscriptionLD

from receiver import Receiver


def lamp(number, power=70):
    return ContextLDEntity(id=f"urn:ngsi-ld:Lamp:{number}", type="Lamp", power={"type": "Property", "value": power})


client = ContextBrokerLDClient(url=sys.argv[1], fiware_header=FiwareLDHeader(ngsild_tenant="filip"))
assert client.get_version()["orion"]["version"]
assert "uptime_in_secs" in client.get_statistics()

client.post_entity(lamp(1))
client.post_entity(lamp(1, 71), append=True)
client.entity_batch_operation(entities=[lamp(number) for number in range(2, 8)], action_type=ActionTypeLD.UPSERT)
assert client.get_entity("urn:ngsi-ld:Lamp:1").model_dump()["power"]["value"] == 71
assert len(client.get_entity_list(entity_type="Lamp", limit=5)) == 5
assert len(client.get_entity_list(entity_type="Lamp")) == 7
assert [one.id for one in client.get_entity_list(entity_type="Lamp", q="power>70")] == ["urn:ngsi-ld:Lamp:1"]
assert len(client.get_entity_list(id_pattern="urn:ngsi-ld:Lamp.*")) == 7
assert len(client.get_entity_list(entity_id="urn:ngsi-ld:Lamp:2", options="keyValues")) == 1

receiver = Receiver()
subscription = client.post_subscription(
    SubscriptionLD(
        id="urn:ngsi-ld:Subscription:filip",
        entities=[{"type": "Lamp"}],
        notification={"attributes": ["power"], "format": "keyValues", "endpoint": {"uri": receiver.url, "accept": "application/json"}},
    )
)
assert [one.id for one in client.get_subscription_list()] == [subscription]
client.update_entity_attribute("urn:ngsi-ld:Lamp:1", ContextProperty(value=90), attr_name="power")
assert receiver.next()["data"][0]["power"] == 90
shown = client.get_subscription(subscription)
shown.description = "all lamps"
client.update_subscription(shown)
assert client.get_subscription(subscription).description == "all lamps"

client.append_entity_attributes(ContextLDEntity(id="urn:ngsi-ld:Lamp:1", type="Lamp", height={"type": "Property", "value": 4}))
client.replace_existing_attributes_of_entity(ContextLDEntity(id="urn:ngsi-ld:Lamp:1", type="Lamp", height={"type": "Property", "value": 5}))
assert client.get_entity("urn:ngsi-ld:Lamp:1").model_dump()["height"]["value"] == 5
client.delete_attribute("urn:ngsi-ld:Lamp:1", "height")
client.delete_subscription(subscription)
client.delete_entity_by_id("urn:ngsi-ld:Lamp:1")
client.entity_batch_operation(entities=[lamp(number) for number in range(2, 8)], action_type=ActionTypeLD.DELETE)
assert client.get_entity_list(entity_type="Lamp") == []
print("done")
