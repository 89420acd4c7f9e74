#!/usr/bin/env bash
# ResNet-20 from scratch on CIFAR-10, in one command that can be stopped and started again: it goes on from the last epoch.
#   ./resnet20.sh CIFAR10_FOLDER [WORK_FOLDER] [OPTIONS OF tersor train...]
# Leaves in WORK_FOLDER: resnet20.onnx, curve.jsonl (a document per epoch, then the report) and result.txt (learning curves and the table of accuracies).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(realpath "$1")
work=${2:-$here/resnet20}
shift $(($# < 2 ? $# : 2))
mkdir -p "$work"

# From inside, so that no result names a folder of this machine.
cd "$work"
[ -x bin/Tersor.Cli ] || dotnet publish "$here/../../src/Tersor.Cli" -c Release -o "$PWD/bin" -v quiet
train=(bin/Tersor.Cli train resnet20 --data "cifar10:$data" --validation 0.05 --seed 1 -o resnet20.onnx --checkpoint resnet20.state --force "$@")
"${train[@]}" --json >> curve.jsonl

# All epochs are in the checkpoint now: this only draws them and judges the file again.
"${train[@]}" > result.txt
