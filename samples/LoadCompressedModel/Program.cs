// Opens a compressed model, decodes one tensor by name, and makes the whole ONNX file in memory: the bytes that a runtime's
// InferenceSession(byte[]) takes. Nothing is written to disk.
using System.Buffers;
using Tersor.Codec;

using CompressedModel model = CompressedModel.Open(args.Length > 0 ? args[0] : "lenet5.nnc");
Console.WriteLine($"{model.Tensors.Count} coded tensors, first: {model.Tensors[0]}");

float[] weights = model.Decode(model.Tensors[0].Name);
Console.WriteLine($"{weights.Length} values decoded, the first is {weights[0]}");

ArrayBufferWriter<byte> onnx = new();
model.WriteOnnx(onnx);
Console.WriteLine($"{onnx.WrittenCount} bytes of ONNX in memory");
