// Writes one network twice, as safetensors and as ONNX with external data, without ever holding more than a piece of it:
//   LargeModel FOLDER [TENSORS [SIDE]]
// It is a chain of TENSORS products with SIDE x SIDE matrices of binary32; 64 of 4096 are 4 GiB. The library has no part in it, so that what it reads
// here it did not write.
using System.Globalization;
using LargeModel;

if (args is not [string folder, .. { Length: <= 2 } numbers])
{
    Console.Error.WriteLine("usage: LargeModel FOLDER [TENSORS [SIDE]]");
    return 2;
}

int tensors = numbers.Length > 0 ? int.Parse(numbers[0], CultureInfo.InvariantCulture) : 64;
int side = numbers.Length > 1 ? int.Parse(numbers[1], CultureInfo.InvariantCulture) : 4096;
Directory.CreateDirectory(folder);
using (FileStream safetensors = File.Create(Path.Combine(folder, "large.safetensors")))
using (FileStream data = File.Create(Path.Combine(folder, "large.onnx.data")))
{
    SafetensorsHeader.Write(safetensors, tensors, side);
    GaussianWeights weights = new(seed: 1);
    byte[] piece = new byte[1 << 20];
    for (long left = tensors * (long)side * side * sizeof(float); left > 0; left -= piece.Length)
    {
        Span<byte> next = piece.AsSpan(0, (int)Math.Min(piece.Length, left));
        weights.Fill(next);
        safetensors.Write(next);
        data.Write(next);
    }
}

File.WriteAllBytes(Path.Combine(folder, "large.onnx"), OnnxGraph.Write(tensors, side, "large.onnx.data"));
return 0;
