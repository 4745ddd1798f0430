#!/usr/bin/env bash
# Version: python-aqi 0.6.1 (PyPI).
# Guess: 9.1 ug/m3 of PM2.5 is an index of 51 ("moderate"), as the EPA has it since May 2024 (40 CFR 58, appendix G: good up to 9.0).
# Seen: it is 38 ("good"), and 12.0 is 50: the limits before 2024.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-aqi==0.6.1
seen=$(venv/bin/python -c '
import aqi
print(*(aqi.to_iaqi(aqi.POLLUTANT_PM25, text, algo=aqi.ALGO_EPA) for text in ("9.0", "9.1", "12.0")))')
echo "python-aqi 0.6.1: PM2.5 of 9.0, 9.1 and 12.0 ug/m3 by the EPA's table"
echo "guess: 50 51 56"
echo "seen:  $seen"
[ "$seen" = '38 38 50' ]
