#!/bin/sh
# Builds the peer of this folder into $OUT; VERSION names another release of grpcio.
set -eu
python3 -m venv "$OUT/venv"
"$OUT/venv/bin/pip" install --quiet --disable-pip-version-check "grpcio==${VERSION:-1.85.1}" grpcio-health-checking
cp server.py driver.py "$OUT"
"$OUT/venv/bin/python" -c 'import grpc; print(grpc.__version__)' >"$OUT/version.txt"
