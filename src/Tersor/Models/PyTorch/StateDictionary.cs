using System.Globalization;

namespace Tersor.Models.PyTorch;

/// <summary>
/// The tensors in what a checkpoint describes, with names: keys and list positions joined by dots. Where the outermost dictionary holds tensors only
/// in one dictionary inside (<c>{'epoch': 3, 'state_dict': {..}}</c>), the names are those of the inner one.
/// </summary>
internal sealed class StateDictionary
{
    private const int MaxDepth = 100;
    private const int MaxVisits = 1 << 22;
    private const long MaxNameCharacters = 1L << 24;
    private const int MaxIgnoredNames = 10;

    private readonly string _file;
    private readonly List<(string Name, TorchTensor Tensor)> _tensors = [];
    private readonly List<string> _ignored = [];
    private int _ignoredCount;
    private int _visits;
    private long _nameCharacters;

    private StateDictionary(string file) => _file = file;

    /// <summary>Finds the tensors, in the order of the dictionaries.</summary>
    /// <param name="root">What the pickle describes.</param>
    /// <param name="file">What messages call the file.</param>
    /// <param name="nameOfLoneTensor">The name of a tensor that stands in no dictionary.</param>
    /// <param name="warn">Told what was passed over.</param>
    /// <exception cref="ResourceLimitException">The values are nested or shared so that there would be millions of names.</exception>
    public static IReadOnlyList<(string Name, TorchTensor Tensor)> Flatten(
        PickleValue root, string file, string nameOfLoneTensor, Action<string>? warn)
    {
        StateDictionary state = new(file);
        string? inner = null;
        if (root is PickleDictionary dictionary) inner = state.CollectRoot(dictionary);
        else state.Collect(root, root is TorchTensor ? nameOfLoneTensor : string.Empty, 0);
        if (inner is not null) warn?.Invoke($"{file}: all tensors are in '{inner}'; their names are taken without it");
        if (state._ignoredCount > 0)
        {
            string names = string.Join(", ", state._ignored) + (state._ignoredCount > state._ignored.Count ? ", ..." : string.Empty);
            warn?.Invoke($"{file}: ignored {state._ignoredCount} values that are no tensors: {names}");
        }

        return state._tensors;
    }

    // Returns the key of the only dictionary with tensors, if there is just that.
    private string? CollectRoot(PickleDictionary root)
    {
        int onlyEntry = -1;
        int withTensors = 0;
        for (int i = 0; i < root.Entries.Count; i++)
        {
            int before = _tensors.Count;
            CollectEntry(root.Entries[i], string.Empty, 0);
            if (_tensors.Count == before) continue;
            withTensors++;
            onlyEntry = i;
        }

        if (withTensors != 1 || root.Entries[onlyEntry].Value is not PickleDictionary) return null;
        string key = KeyOf(root.Entries[onlyEntry].Key)!;
        for (int i = 0; i < _tensors.Count; i++) _tensors[i] = (_tensors[i].Name[(key.Length + 1)..], _tensors[i].Tensor);
        return key;
    }

    private void Collect(PickleValue value, string path, int depth)
    {
        if (depth > MaxDepth || ++_visits > MaxVisits || (_nameCharacters += path.Length) > MaxNameCharacters)
            throw new ResourceLimitException($"{_file}: the values are nested or shared without bound; save only the state dictionary.");
        switch (value)
        {
            case TorchTensor tensor:
                _tensors.Add((path, tensor));
                break;
            case PickleDictionary dictionary:
                foreach (KeyValuePair<PickleValue, PickleValue> entry in dictionary.Entries) CollectEntry(entry, path, depth);
                break;
            case PickleSequence sequence:
                for (int i = 0; i < sequence.Items.Count; i++)
                    Collect(sequence.Items[i], Join(path, i.ToString(CultureInfo.InvariantCulture)), depth + 1);
                break;
            default:
                Ignore(path);
                break;
        }
    }

    private void CollectEntry(KeyValuePair<PickleValue, PickleValue> entry, string path, int depth)
    {
        if (KeyOf(entry.Key) is { } key) Collect(entry.Value, Join(path, key), depth + 1);
        else Ignore(Join(path, "(a key that is no text)"));
    }

    private void Ignore(string path)
    {
        _ignoredCount++;
        if (_ignored.Count < MaxIgnoredNames) _ignored.Add(path);
    }

    private static string? KeyOf(PickleValue key) => key switch
    {
        PickleText text => text.Value,
        PickleInteger number => number.Value.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
