#!/usr/bin/env bash
# Versions: aedes 1.2.0 with aedes-persistence 11.0.0 (the queue that comes with it), mqtt 5.16.0 (npm, Node 20 or newer).
# Guess: a level of a topic may be empty, and the filter merge/+ takes merge/ (MQTT 3.1.1, 4.7.1): a client with a kept session that
#   comes back gets all three messages that were published with QoS 1 while it was away.
# Seen: merge/c and merge/d come; merge/ does not, though it was acknowledged to its publisher. While the client is connected,
#   merge/ is delivered: delivery and the queue of a session match by different rules.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund aedes@1.2.0 aedes-persistence@11.0.0 mqtt@5.16.0
cat >run.mjs <<'JS'
import { createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';

const broker = await Aedes.createBroker();
const server = createServer(broker.handle).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `mqtt://127.0.0.1:${server.address().port}`;
const kept = { clientId: 'kept', clean: false, reconnectPeriod: 0 };

const before = await mqtt.connectAsync(url, kept);
await before.subscribeAsync('merge/+', { qos: 1 });
await before.endAsync();

const publisher = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
for (const topic of ['merge/c', 'merge/', 'merge/d']) await publisher.publishAsync(topic, 'x', { qos: 1 });
await publisher.endAsync();

const got = [];
const after = mqtt.connect(url, kept);
after.on('message', (topic) => got.push(topic));
await sleep(2000);
console.log(`got: ${got.join(' ')}`);
await after.endAsync();
broker.close();
server.close();
JS
seen=$(node run.mjs)
echo "aedes 1.2.0, filter merge/+, published while away: merge/c, merge/, merge/d"
echo "guess: got: merge/c merge/ merge/d"
echo "seen:  $seen"
[ "$seen" = 'got: merge/c merge/d' ]
