# What the scripts of these folders share; they source it with `shared`, the folder of the collected models and data sets, set. It builds the command, which is
# "${tersor[@]}" then.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dotnet build "$root/src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=(dotnet "$root/src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")

# What each collected model is judged on, and how its images become inputs.
declare -A judged_on=(
    [lenet-300-100]='mnist:mnist'
    [lenet5]='mnist:mnist'
    [resnet20]='cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225'
    [resnet56]='cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225'
    [resnet8-mlperf-tiny]='cifar10:cifar10 --scale 1'
    [squeezenet-v1.0-deep-compressed]='npz:imagenet-sample/sample128.npz --scale 1 --mean 104,117,123 --channels bgr --batch 16'
)

# take MODEL: its file as `source`, its data as `data`, and all options that judge it as `judging`.
take() {
    source="$shared/models/$1.onnx"
    read -ra judging <<< "${judged_on[$1]}"
    data=${judging[0]}
    judging=(--data "${data/:/:$shared/data/}" "${judging[@]:1}")
}

# number NAME: the first value of that name in the JSON on stdin.
number() { grep -m1 -E "^ *\"$1\":" | sed 's/.*: *//; s/,$//'; }

# total FILE NAME: what inspect counts of that name over the whole model.
total() { "${tersor[@]}" inspect "$1" --json | sed -n '/"totals"/,$p' | number "$2"; }

# median: the middle one of the numbers on stdin, of two the smaller.
median() { sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
