// Top-1 accuracy of ONNX classifiers on the full MNIST or CIFAR-10 test set, by ONNX Runtime.
//   npm install --ignore-scripts onnxruntime-node
//   node evaluate.mjs mnist:DIR|cifar10:DIR|cifar10-raw:DIR MODEL.onnx...
// mnist: pixel/255. cifar10: (pixel/255 - mean)/std as the ResNets here were trained. cifar10-raw: pixels 0..255 (MLPerf Tiny ResNet-8).
// Prints one line per model: file, correct, total, fraction.
import * as ort from 'onnxruntime-node';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const BATCH = 250;

function read(folder, name) {
  const plain = path.join(folder, name);
  return fs.existsSync(plain) ? fs.readFileSync(plain) : zlib.gunzipSync(fs.readFileSync(plain + '.gz'));
}

function mnist(folder) {
  const pixels = read(folder, 't10k-images-idx3-ubyte').subarray(16);
  const labels = read(folder, 't10k-labels-idx1-ubyte').subarray(8);
  const input = Float32Array.from(pixels, value => value / 255);
  return { shape: [1, 28, 28], count: labels.length, labels, input };
}

function cifar10(folder, normalize) {
  const records = read(folder, 'test_batch.bin');
  const mean = [0.485, 0.456, 0.406], deviation = [0.229, 0.224, 0.225];
  const count = records.length / 3073;
  const labels = new Uint8Array(count);
  const input = new Float32Array(count * 3072);
  for (let image = 0; image < count; image++) {
    labels[image] = records[image * 3073];
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < 1024; pixel++) {
        const value = records[image * 3073 + 1 + channel * 1024 + pixel];
        input[image * 3072 + channel * 1024 + pixel] = normalize ? (value / 255 - mean[channel]) / deviation[channel] : value;
      }
    }
  }
  return { shape: [3, 32, 32], count, labels, input };
}

const [spec, ...models] = process.argv.slice(2);
const [kind, folder] = (spec ?? '').split(/:(.*)/s);
const load = { mnist: () => mnist(folder), cifar10: () => cifar10(folder, true), 'cifar10-raw': () => cifar10(folder, false) }[kind];
if (!load || models.length === 0) {
  console.error('usage: node evaluate.mjs mnist:DIR|cifar10:DIR|cifar10-raw:DIR MODEL.onnx...');
  process.exit(2);
}

const data = load();
const size = data.shape.reduce((product, dimension) => product * dimension, 1);
for (const model of models) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
  let correct = 0;
  for (let start = 0; start < data.count; start += BATCH) {
    const count = Math.min(BATCH, data.count - start);
    const batch = new ort.Tensor('float32', data.input.subarray(start * size, (start + count) * size), [count, ...data.shape]);
    const logits = (await session.run({ [session.inputNames[0]]: batch }))[session.outputNames[0]];
    const classes = logits.dims[1];
    for (let row = 0; row < count; row++) {
      const scores = logits.data.subarray(row * classes, (row + 1) * classes);
      if (scores.indexOf(Math.max(...scores)) === data.labels[start + row]) correct++;
    }
  }
  console.log(`${model}\t${correct}\t${data.count}\t${(correct / data.count).toFixed(4)}`);
}
