#!/usr/bin/env bash
# Version: jexl 2.3.0 (npm), the expression language of FIWARE's IoT agents.
# Guess: a number may have an exponent, as in JavaScript: value * 1e-3 turns millivolts into volts.
# Seen: 1e-3 is refused ("Token e (identifier) unexpected"); 0.001 is taken.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jexl@2.3.0
cat >run.cjs <<'JS'
const jexl = require('jexl');
const seen = ['value * 1e-3', 'value * 0.001'].map((text) => {
  try {
    return jexl.evalSync(text, { value: 5 });
  } catch {
    return 'refused';
  }
});
console.log(seen.join(' '));
JS
seen=$(node run.cjs)
echo "jexl 2.3.0: value * 1e-3, value * 0.001 (value: 5)"
echo "guess: 0.005 0.005"
echo "seen:  $seen"
[ "$seen" = 'refused 0.005' ]
