#!/usr/bin/env bash
# Version: frictionless 5.21.0 (PyPI), the reader of Data Packages that open data portals use.
# Guess: in a CSV file with semicolons, as spreadsheets write it in Slovenia, a column of 1,5 and 2,25 is described as text or as numbers.
# Seen: it is described as geopoint, and 1,5 is read as the pair of the numbers 1 and 5. 1.5 is a number. Meter numbers such as 0012 are
#   integers, and read as 12.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check frictionless==5.21.0
printf 'meter;energy;price\n0012;1,5;1.5\n0013;2,25;2.5\n' >meters.csv
cat >run.py <<'PY'
from frictionless import Resource

resource = Resource(path="meters.csv")
resource.infer()
first = resource.read_rows()[0]
print({field.name: (field.type, [float(x) for x in first[field.name]] if field.type == "geopoint" else str(first[field.name])) for field in resource.schema.fields})
PY
seen=$(venv/bin/python run.py)
echo "frictionless 5.21.0: 0012;1,5;1.5"
echo "guess: meter and energy: string, price: number"
echo "seen:  $seen"
[ "$seen" = "{'meter': ('integer', '12'), 'energy': ('geopoint', [1.0, 5.0]), 'price': ('number', '1.5')}" ]
