"""A whole job of filip with QuantumLeap: notify, read in every form, page, aggregate, delete. The argument is the URL of QuantumLeap."""
import sys

from filip.clients.exceptions import BaseHttpClientException
from filip.clients.ngsi_v2.quantumleap import QuantumLeapClient
from filip.models.base import FiwareHeader
from filip.models.ngsi_v2.context import ContextEntity
from filip.models.ngsi_v2.subscriptions import Message

client = QuantumLeapClient(url=sys.argv[1], fiware_header=FiwareHeader(service="filip_ql", service_path="/street"))
assert client.get_version()["version"]
assert client.get_health()["status"] == "pass"


def lamp(number, hour, power):
    time = {"type": "DateTime", "value": f"2026-03-01T{hour:02}:00:00.000Z"}
    return ContextEntity(
        id=f"Lamp{number}",
        type="Lamp",
        power={"type": "Number", "value": power, "metadata": {"dateModified": time}},
        state={"type": "Text", "value": "on", "metadata": {"dateModified": time}},
    )


for hour in range(6):
    data = [lamp(1, hour, 10 + hour), lamp(2, hour, 20 + hour)]
    client.post_notification(Message(subscriptionId="5aeb0ee97d4ef10a12a0262f", data=data))

assert [one.entityId for one in client.get_entities()] == ["Lamp1", "Lamp2"]
assert [one.entityId for one in client.get_entities(entity_type="Lamp", id_pattern="2")] == ["Lamp2"]

whole = client.get_entity_by_id("Lamp1")
assert [one.attrName for one in whole.attributes] == ["power", "state"]
assert whole.attributes[0].values == [10, 11, 12, 13, 14, 15]
assert whole.to_pandas().shape == (6, 2)
assert client.get_entity_values_by_id("Lamp1").attributes[0].values == whole.attributes[0].values
power = client.get_entity_attr_by_id("Lamp1", "power", last_n=2)
assert power.attributes[0].values == [14, 15]
assert power.index[0] < power.index[1]
assert client.get_entity_attr_values_by_id("Lamp1", "power", from_date="2026-03-01T04:00:00").attributes[0].values == [14, 15]
assert client.get_entity_attr_by_id("Lamp1", "power", limit=None).attributes[0].values == whole.attributes[0].values
mean = client.get_entity_attr_by_id("Lamp1", "power", aggr_method="avg", aggr_period="day")
assert mean.attributes[0].values == [12.5]

for read in (client.get_entity_by_type, client.get_entity_values_by_type):
    assert [one.attributes[0].values[0] for one in read("Lamp", attrs="power")] == [10, 20]
for read in (client.get_entity_attr_by_type, client.get_entity_attr_values_by_type):
    assert [(one.entityId, one.attributes[0].values[-1]) for one in read("Lamp", "power")] == [("Lamp1", 15), ("Lamp2", 25)]
largest = client.get_entity_attr_values_by_type("Lamp", "power", aggr_method="max", aggr_period="hour", entity_id="Lamp2")
assert largest[0].attributes[0].values == [20, 21, 22, 23, 24, 25]
assert {one.entityType for one in client.get_entity_by_attrs()} == {"Lamp"}
assert [one.entityId for one in client.get_entity_by_attr_name(attr_name="power")] == ["Lamp1", "Lamp2"]

assert client.delete_entity("Lamp1", "Lamp") == "Lamp1"
assert client.delete_entity_type("Lamp") == "Lamp"
try:
    client.get_entities()
    raise AssertionError("The histories are deleted.")
except BaseHttpClientException as error:
    assert error.response.status_code == 404
print("done")
