#!/usr/bin/env bash
# ResNet-20 from scratch on CIFAR-10, in one command that can be stopped and started again: it goes on from the last epoch.
#   ./resnet20.sh CIFAR10_FOLDER [WORK_FOLDER] [OPTIONS OF tersor train...]
# Leaves in WORK_FOLDER: resnet20.onnx, curve.jsonl (a document per epoch, then the report) and result.txt (learning curves and the table of accuracies).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1
work=${2:-$here/resnet20}
shift $(($# < 2 ? $# : 2))
mkdir -p "$work"
[ -x "$work/bin/Tersor.Cli" ] || dotnet publish "$here/../../src/Tersor.Cli" -c Release -o "$work/bin" -v quiet
train=("$work/bin/Tersor.Cli" train resnet20 --data "cifar10:$data" --validation 0.05 --seed 1 -o "$work/resnet20.onnx" --checkpoint "$work/resnet20.state" --force "$@")
"${train[@]}" --json >> "$work/curve.jsonl"

# All epochs are in the checkpoint now: this only draws them and judges the file again.
"${train[@]}" > "$work/result.txt"
