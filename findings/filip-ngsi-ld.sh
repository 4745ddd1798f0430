#!/usr/bin/env bash
# Version: filip 0.8.1 (PyPI), a FIWARE client with models of NGSI-LD entities.
# Guess: its entity model takes what NGSI-LD allows: several types, a list of scopes, instances with datasetId, LanguageProperty,
#   JsonProperty, VocabProperty and ListProperty (CIM 009, 4.5 and 4.18).
# Seen: Property, GeoProperty and Relationship (also with a list as object) are taken. All of the others are refused or end with an
#   AttributeError, as if an attribute were always one object.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check filip==0.8.1
cat >run.py <<'PY'
from filip.models.ngsi_ld.context import ContextLDEntity

cases = {
    "Property": {"a": {"type": "Property", "value": 1, "unitCode": "CEL"}},
    "objects": {"a": {"type": "Relationship", "object": ["urn:x:1", "urn:x:2"]}},
    "types": {"type": ["T", "U"]},
    "scopes": {"scope": ["/a/b", "/c"]},
    "datasets": {"a": [{"type": "Property", "value": 1, "datasetId": "urn:d:1"}, {"type": "Property", "value": 2}]},
    "Language": {"a": {"type": "LanguageProperty", "languageMap": {"sl": "x"}}},
    "Json": {"a": {"type": "JsonProperty", "json": {"b": 1}}},
    "Vocab": {"a": {"type": "VocabProperty", "vocab": "x"}},
    "List": {"a": {"type": "ListProperty", "valueList": [1, 2]}},
}
refused = []
for name, members in cases.items():
    try:
        ContextLDEntity(**{"id": "urn:ngsi-ld:T:1", "type": "T", **members})
    except Exception:
        refused.append(name)
print("refused:", *refused)
PY
seen=$(venv/bin/python run.py)
echo "filip 0.8.1: valid NGSI-LD entities"
echo "guess: refused:"
echo "seen:  $seen"
[ "$seen" = 'refused: types scopes datasets Language Json Vocab List' ]
