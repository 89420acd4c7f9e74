// Records the logits of ONNX Runtime for the collected models on 256 inputs each: NAME.f32, little-endian binary32, images x classes; of the 1000 classes of
// ImageNet every eighth, from the first.
//   npm install --ignore-scripts onnxruntime-node
//   node record.mjs FOLDER_OF_NODE_MODULES SHARED_FOLDER OUTPUT_FOLDER [MODEL...]
// Inputs: the first 256 test images of MNIST or CIFAR-10, the 128 of the ImageNet sample and then their mirror images (left and right exchanged), and for the
// two models without data inputs from a linear congruential generator (s = s * 1664525 + 1013904223 mod 2^32, from 1; value = s / 2^32 * range + low).
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { createRequire } from 'node:module';

const [modules, shared, output, ...wanted] = process.argv.slice(2);
const ort = createRequire(path.join(modules, 'index.js'))('onnxruntime-node');
const gunzip = name => zlib.gunzipSync(fs.readFileSync(path.join(shared, 'data', name)));

function mnist() {
  const pixels = gunzip('mnist/t10k-images-idx3-ubyte.gz').subarray(16, 16 + 256 * 784);
  return { shape: [256, 1, 28, 28], input: Float32Array.from(pixels, value => value / 255) };
}

function cifar10(scale, mean, deviation) {
  const records = gunzip('cifar10/test_batch.bin.gz');
  const input = new Float32Array(256 * 3072);
  for (let i = 0; i < input.length; i++) {
    const channel = Math.floor(i / 1024) % 3;
    input[i] = (records[Math.floor(i / 3072) * 3073 + 1 + i % 3072] * scale - mean[channel]) / deviation[channel];
  }
  return { shape: [256, 3, 32, 32], input };
}

function imagenet() {
  // npz: a stored zip entry with an npy header; x is uint8 [128, 3, 227, 227], RGB.
  const zip = fs.readFileSync(path.join(shared, 'data/imagenet-sample/sample128.npz'));
  const entry = readEntry(zip, 'x.npy');
  const pixels = entry.subarray(10 + entry.readUInt16LE(8));
  const side = 227, plane = side * side, mean = [104, 117, 123];
  const input = new Float32Array(256 * 3 * plane);
  for (let image = 0; image < 256; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let i = 0; i < plane; i++) {
        const from = image < 128 ? i : i - i % side + side - 1 - i % side;
        input[(image * 3 + channel) * plane + i] = pixels[(image % 128 * 3 + 2 - channel) * plane + from] - mean[channel];
      }
    }
  }
  return { shape: [256, 3, side, side], input, everyClass: 8 };
}

function readEntry(zip, wanted) {
  let end = zip.length - 22;
  while (zip.readUInt32LE(end) !== 0x06054b50) end--;
  let at = zip.readUInt32LE(end + 16);
  for (let i = zip.readUInt16LE(end + 10); i > 0; i--) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42), size = zip.readUInt32LE(at + 20);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    if (name === wanted) {
      const data = zip.subarray(start, start + size);
      return zip.readUInt16LE(at + 10) === 0 ? data : zlib.inflateRawSync(data);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${wanted} is not in the archive`);
}

function generated(shape, low, range) {
  const input = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let state = 1;
  for (let i = 0; i < input.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    input[i] = state / 4294967296 * range + low;
  }
  return { shape, input };
}

const imagenetMean = [0.485, 0.456, 0.406], imagenetDeviation = [0.229, 0.224, 0.225];
const models = {
  'lenet-300-100': mnist,
  lenet5: mnist,
  resnet20: () => cifar10(1 / 255, imagenetMean, imagenetDeviation),
  resnet56: () => cifar10(1 / 255, imagenetMean, imagenetDeviation),
  'resnet8-mlperf-tiny': () => cifar10(1, [0, 0, 0], [1, 1, 1]),
  'mobilenet-v1-0.25-vww': () => generated([256, 3, 96, 96], 0, 1),
  'ds-cnn-kws': () => generated([256, 1, 49, 10], -20, 40),
  'squeezenet-v1.0-deep-compressed': imagenet,
};

const BATCH = 32;
for (const [name, load] of Object.entries(models)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { shape, input, everyClass = 1 } = load();
  const size = input.length / shape[0];
  const session = await ort.InferenceSession.create(path.join(shared, 'models', `${name}.onnx`), { intraOpNumThreads: 2 });
  const logits = [];
  for (let start = 0; start < shape[0]; start += BATCH) {
    const batch = new ort.Tensor('float32', input.subarray(start * size, (start + BATCH) * size), [BATCH, ...shape.slice(1)]);
    logits.push(...(await session.run({ [session.inputNames[0]]: batch }))[session.outputNames[0]].data);
  }
  const kept = Float32Array.from(logits.filter((_, i) => i % everyClass === 0));
  fs.writeFileSync(path.join(output, `${name}.f32`), Buffer.from(kept.buffer));
  console.log(name, logits.length, kept.length);
}
