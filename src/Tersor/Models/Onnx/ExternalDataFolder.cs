namespace Tersor.Models.Onnx;

/// <summary>
/// The folder of a model, which is all that its external data may be in: a location is a relative path within, without <c>..</c>, and neither a symbolic
/// link that leads out nor a hard link, by which a file from elsewhere would come in.
/// </summary>
internal sealed class ExternalDataFolder
{
    private const int MaxLinks = 40;

    private readonly string _folder;
    private readonly string _modelPath;
    private readonly Dictionary<string, ExternalDataFile> _files = new(StringComparer.Ordinal);

    /// <param name="folder">Full path.</param>
    /// <param name="modelPath">The model's path, for messages.</param>
    public ExternalDataFolder(string folder, string modelPath)
    {
        _folder = folder;
        _modelPath = modelPath;
    }

    /// <summary>The elements of a tensor. The file is opened when they are read, and checked again then.</summary>
    /// <exception cref="ModelFormatException">The location is refused, the file is missing or too short.</exception>
    public ByteSource Open(OnnxTensorRecord record, ModelReadOptions options)
    {
        OnnxExternalData external = record.External!;
        long length = record.ElementType.ByteLength(record.Shape.ElementCount);
        string item = $"tensor '{record.Name}'";
        long place = record.Message.Payload.Start;
        if (!_files.TryGetValue(external.Location, out ExternalDataFile? file))
        {
            string path = Resolve(external.Location, item, place, options);
            FileInfo info = new(path);
            if (!info.Exists)
                throw new ModelFormatException(_modelPath, item, place, $"its data is in '{external.Location}', which is missing; put that file beside the model");
            file = new ExternalDataFile(path, info.Length, () => Resolve(external.Location, item, place, options));
            _files.Add(external.Location, file);
        }

        if (external.Offset + length <= file.Length) return file.Slice(external.Offset, length);
        throw new ModelFormatException(
            _modelPath, item, place,
            $"its data is {length} bytes at {external.Offset} of '{external.Location}', which has {file.Length}; that file is truncated or of another model");
    }

    /// <summary>The real path of a location that may be read or replaced.</summary>
    /// <param name="location">As written in the model.</param>
    /// <param name="item">What asks for it, for messages.</param>
    /// <param name="place">Where that stands in the model; negative where the model is yet to be written.</param>
    /// <param name="options">Strictness.</param>
    /// <exception cref="ModelFormatException">The location is not a path within the folder.</exception>
    public string Resolve(string location, string item, long place, ModelReadOptions options)
    {
        if (!IsRelativePath(location))
            throw Refused(item, place, location, "is not a relative path within the model's folder");
        string folder = RealPath(_folder, item, place);
        string path = RealPath(Path.Combine(_folder, location), item, place);
        if (!path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw Refused(item, place, location, "is a link that leads out of the model's folder; put a copy in its place");
        if (!File.Exists(path) || FileStatus.Of(path).LinkCount <= 1) return path;
        string problem = "has further names (hard links) by which it may belong elsewhere; put a copy in its place";
        if (!options.Lenient) throw Refused(item, place, location, problem);
        options.Warn?.Invoke($"{_modelPath}: {item}: external data '{location}' {problem}");
        return path;
    }

    /// <summary>Whether a location names something below the folder, judged by its text alone and alike on every system.</summary>
    public static bool IsRelativePath(string location)
    {
        if (location.Length == 0 || location[0] is '/' or '\\' || location.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(location)) return false;
        if (location.Length > 2 && char.IsAsciiLetter(location[0]) && location[1] == ':' && location[2] is '/' or '\\') return false;
        string[] parts = location.Split('/', '\\');
        return !parts.Contains("..", StringComparer.Ordinal) && parts[^1] is not ("" or ".");
    }

    /// <summary>The path without any link in it. What does not exist yet is taken as written.</summary>
    private string RealPath(string path, string item, long place)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links <= MaxLinks; links++)
        {
            string? next = FollowFirstLink(full);
            if (next is null) return full;
            full = next;
        }

        throw Refused(item, place, path, $"goes through more than {MaxLinks} links");
    }

    private static string? FollowFirstLink(string full)
    {
        string current = Path.GetPathRoot(full) ?? "";
        string[] parts = full[current.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string next = Path.Combine(current, parts[i]);
            if (new FileInfo(next).LinkTarget is { } target)
                return Path.GetFullPath(Path.Combine([current, target, .. parts[(i + 1)..]]));
            current = next;
        }

        return null;
    }

    private ModelFormatException Refused(string item, long place, string location, string problem) =>
        new(_modelPath, item, place, $"external data '{location}' {problem}");
}
