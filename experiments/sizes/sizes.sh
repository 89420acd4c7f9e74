#!/usr/bin/env bash
# Sizes of the models of ../shared beside those of the reference software, as Markdown on stdout:
#   experiments/sizes/sizes.sh [MODELS] > docs/sizes.md
# MODELS is the folder with the models; by default ../shared/models beside the repository. Needs jq.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
models=${1:-$root/../shared/models}
tersor=$root/src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build "$root/src/Tersor.Cli" -c Release -v q --nologo >&2

# Bytes that NNCodec makes, dependent quantization on and all else at its defaults: peers.md, section "NNCodec default sweep", column "DQ on".
steps=(-38 -32 -26 -20)
declare -A reference=(
    [lenet-300-100.safetensors]='165072 117484 69080 38119'
    [lenet5.safetensors]='242123 170820 98856 47019'
    [resnet20.safetensors]='242432 193276 141292 99960'
    [resnet56.onnx]='679405 525284 368956 243904'
    [squeezenet-v1.0-deep-compressed.safetensors]='478296 400121 313713 234659'
)
order=(lenet-300-100.safetensors lenet5.safetensors resnet20.safetensors resnet56.onnx squeezenet-v1.0-deep-compressed.safetensors)

compress() { # model, options...: the report as JSON
    "$tersor" compress "$models/$1" -o "$work/out.nnc" --topology none --force --quiet --json "${@:2}"
}

grouped() { echo "$1" | sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta'; }

cat <<'END'
# Sizes

Bytes of whole files at the same quality, ours and those of the reference software (NNCodec). Made by `experiments/sizes/sizes.sh > docs/sizes.md`.

`tersor compress MODEL --topology none --qp QP`: dependent quantization without rate term, QP for tensors of two or more dimensions and -75 for the others, which
is what the reference's default means. The reference's sizes were measured once with its own command, dependent quantization on; of the other collected models (ds-cnn, mobilenet, resnet8) there are none.

| model | QP | reference | ours | difference |
|---|---|---|---|---|
END
percent() { LC_ALL=C awk -v a="$1" -v b="$2" 'BEGIN { printf "%+.2f", 100 * (a - b) / b }'; }

constants=
for model in "${order[@]}"; do
    read -ra bytes <<<"${reference[$model]}"
    total=0 reference_total=0
    for i in "${!steps[@]}"; do
        json=$(compress "$model" --qp "${steps[i]}")
        ours=$(jq .totals.bytes <<<"$json")
        total=$((total + ours)) reference_total=$((reference_total + bytes[i]))
        echo "| ${model%.*} | ${steps[i]} | $(grouped "${bytes[i]}") | $(grouped "$ours") | $(percent "$ours" "${bytes[i]}") % |"
        if [[ $model == *.onnx ]]; then
            constants=$(jq -r '[.tensors[] | select(.type != "float32")] | "\(length) integer constants, \(map(.bytes) | add) bytes"' <<<"$json")
        fi
    done
    echo "| ${model%.*} | all four | $(grouped "$reference_total") | $(grouped "$total") | $(percent "$total" "$reference_total") % |"
done

lossless=$(compress squeezenet-v1.0-deep-compressed.safetensors --lossless | jq .totals.bytes)
cat <<END

resnet56 is there as ONNX only. Its graph also holds $constants of each size above, which the reference's sizes leave out.

## Lossless: the released SqueezeNet

The weights of the Deep Compression file (675,763 bytes), every bit kept: \`tersor compress MODEL --topology none --lossless\`.

| coding | bytes |
|---|---|
| the released file | 675,763 |
| the reference's coder on the indices, with raw tables and biases | 546,747 |
| brotli -11 on the released file | 543,867 |
| ours | $(grouped "$lossless") |
END
