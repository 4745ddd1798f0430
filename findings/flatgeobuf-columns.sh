#!/usr/bin/env bash
# Version: flatgeobuf 4.5.0 (npm).
# Guess: columns are those of all features, and a column whose values are of several kinds becomes text, or is refused.
# Seen: the first feature decides. A property that it lacks is lost for all; a text in a column that began with a number becomes null; the
#   number 3 in a column that began with true becomes true; 5 after null becomes the text 5. Nothing is said.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund flatgeobuf@4.5.0
cat >run.mjs <<'JS'
import { deserialize, serialize } from 'flatgeobuf/lib/mjs/geojson.js';

// The value of the second feature, after it was written behind the first one and read again.
async function second(first, next) {
  const features = [first, next].map((properties, index) => {
    return { type: 'Feature', geometry: { type: 'Point', coordinates: [14 + index, 46] }, properties };
  });
  for await (const { geometry, properties } of deserialize(serialize({ type: 'FeatureCollection', features })))
    if (geometry.coordinates[0] === 15) return JSON.stringify(properties.value) ?? 'lost';
}
const value = (one, two) => second({ value: one }, { value: two });
console.log(await second({ name: 'a' }, { name: 'b', value: 5 }), await value(5, 'closed'), await value(true, 3), await value(null, 5));
JS
seen=$(node run.mjs)
echo "flatgeobuf 4.5.0: value of the second feature after: none then 5; 5 then closed; true then 3; null then 5"
echo 'guess: 5 "closed" 3 5'
echo "seen:  $seen"
[ "$seen" = 'lost null true "5"' ]
