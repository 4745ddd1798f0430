"""A whole job of ngsildclient: connect, write, query, page, subscribe and be told, history, delete. The argument is the URL of the broker."""
import sys
from datetime import datetime, timezone

from ngsildclient import Client, Entity

from receiver import Receiver


def lamp(number, power=70):
    entity = Entity("Lamp", f"{number}")
    entity.prop("power", power, observedat=datetime(2026, 3, 1, 8, number, tzinfo=timezone.utc))
    return entity


port = int(sys.argv[1].rsplit(":", 1)[1])
client = Client("127.0.0.1", port=port, port_temporal=port, tenant="ngsildclient")
assert client.is_connected()

assert client.create(lamp(1))
assert client.upsert(*[lamp(number) for number in range(1, 8)])
assert client.exists("urn:ngsi-ld:Lamp:1")
assert client.get("urn:ngsi-ld:Lamp:1")["power.value"] == 70
assert client.count(type="Lamp") == 7
assert len(client.query(type="Lamp", limit=3)) == 7
assert len(client.query_head(type="Lamp", n=5)) == 5
assert len(client.query(type="Lamp", q="power>70")) == 0
assert "Lamp" in str(client.types.list())

receiver = Receiver()
subscription = {
    "id": "urn:ngsi-ld:Subscription:ngsildclient",
    "type": "Subscription",
    "subscriptionName": "lamps",
    "description": "all lamps",
    "entities": [{"type": "Lamp"}],
    "q": "power%3E80",
    "notification": {"attributes": ["power"], "format": "keyValues", "endpoint": {"uri": receiver.url, "accept": "application/json"}},
}
subscription["@context"] = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.6.jsonld"
assert client.subscriptions.create(subscription)
assert len(client.subscriptions.list()) == 1

dimmed = lamp(1)
dimmed.prop("power", 90, observedat=datetime(2026, 3, 1, 9, tzinfo=timezone.utc))
assert client.update(dimmed)
assert receiver.next()["data"][0]["power"] == 90
assert [one.id for one in client.query(type="Lamp", q="power>80")] == ["urn:ngsi-ld:Lamp:1"]

history = client.temporal.get("urn:ngsi-ld:Lamp:1", attrs=["power"])
assert "70" in str(history) and "90" in str(history), history
assert len(client.temporal.query(type="Lamp", attrs=["power"], lastn=1)) > 0

assert client.subscriptions.delete("lamps")
assert client.subscriptions.list() == []
assert client.delete(dimmed)
assert not client.exists("urn:ngsi-ld:Lamp:1")
client.drop("Lamp")
assert client.count(type="Lamp") == 0
print("done")
