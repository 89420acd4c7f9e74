using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tersor.Engine.Operators;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// Runs many plans of one graph on the same batches, where only some weights differ from plan to plan: keeps for each batch what the steps before the first difference computed,
/// and goes on from there. Results are those of whole runs, bit for bit. Not safe for several threads.
/// </summary>
/// <param name="maxBytes">Values that may be kept; batches beyond run from the start.</param>
public sealed class ActivationCache(long maxBytes)
{
    private readonly Dictionary<int, KeptBatch> _kept = [];
    private readonly Dictionary<int, IReadOnlyList<ValueSlot>> _live = [];
    private InferencePlan? _plan;
    private byte[][] _fingerprints = [];
    private int _cut;

    /// <summary>Bytes kept now.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Runs the next plan from now on. What is the same as in the plan before is likely to be the same in the one behind: values are kept there.</summary>
    /// <param name="plan">A plan of the same graph, for the same shapes.</param>
    public void Begin(InferencePlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        byte[][] fingerprints = [.. plan.Steps.Select(Fingerprint)];
        int same = 0;
        while (same < Math.Min(fingerprints.Length, _fingerprints.Length) && fingerprints[same].AsSpan().SequenceEqual(_fingerprints[same])) same++;
        foreach ((int batch, KeptBatch kept) in _kept)
        {
            if (kept.Cut <= same) continue;
            KeptBytes -= kept.Bytes;
            _kept.Remove(batch);
        }

        (_plan, _fingerprints, _cut) = (plan, fingerprints, same);
        _live.Clear();
    }

    /// <summary>Computes the plan's outputs for a batch.</summary>
    /// <param name="batch">Its number; the same number stands for the same inputs with every plan.</param>
    /// <param name="fill">Writes the plan's inputs; called where they are needed.</param>
    public void Run(int batch, Action fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        InferencePlan plan = _plan ?? throw new InvalidOperationException("No plan has begun.");
        int from = 0;
        if (_kept.TryGetValue(batch, out KeptBatch? kept) && kept.TryRestore(LiveAt(kept.Cut))) from = kept.Cut;
        else fill();

        if (_cut > from && _cut < plan.Steps.Count)
        {
            plan.Run(from, _cut);
            from = _cut;
            Keep(batch, kept?.Bytes ?? 0);
        }

        plan.Run(from, plan.Steps.Count);
    }

    private void Keep(int batch, long bytesBefore)
    {
        IReadOnlyList<ValueSlot> live = LiveAt(_cut);
        long bytes = live.Sum(slot => (long)slot.Length * (slot.ElementType == ElementType.Float32 ? sizeof(float) : sizeof(long)));
        if (KeptBytes - bytesBefore + bytes > maxBytes) return;
        KeptBytes += bytes - bytesBefore;
        _kept[batch] = new KeptBatch(_cut, bytes, live);
    }

    // What steps from the cut on read, or the graph gives, of what is there before it.
    private IReadOnlyList<ValueSlot> LiveAt(int cut)
    {
        if (_live.TryGetValue(cut, out IReadOnlyList<ValueSlot>? known)) return known;
        HashSet<ValueSlot> made = [.. _plan!.InputSlots];
        foreach (PlanStep step in _plan.Steps.Take(cut)) made.UnionWith(step.Context.OutputSlots.ToArray().OfType<ValueSlot>());
        IEnumerable<ValueSlot> read = _plan.Steps.Skip(cut).SelectMany(step => step.Context.InputSlots.ToArray()).Concat(_plan.OutputSlots).OfType<ValueSlot>();
        IReadOnlyList<ValueSlot> live = [.. read.Where(slot => slot.Constant is null && made.Contains(slot)).Distinct()];
        _live.Add(cut, live);
        return live;
    }

    // All that a step's outputs depend on beside the outputs of other steps.
    private static byte[] Fingerprint(PlanStep step)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        OperatorContext context = step.Context;
        hash.AppendData(Encoding.UTF8.GetBytes($"{step.Operator.Node}"));
        foreach (ValueSlot? slot in context.InputSlots)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\0{slot?.Name}\0{slot?.Shape}"));
            if (slot?.Constant is not { } constant) continue;
            hash.AppendData(constant.ElementType == ElementType.Float32 ? MemoryMarshal.AsBytes<float>(constant.Singles) : MemoryMarshal.AsBytes<long>(constant.Integers));
        }

        foreach (ValueSlot? slot in context.OutputSlots) hash.AppendData(Encoding.UTF8.GetBytes($"\0{slot?.Name}\0{slot?.Shape}"));
        return hash.GetHashAndReset();
    }

    // The values of a batch where a run stopped.
    private sealed class KeptBatch
    {
        private readonly (string Name, Array Values)[] _values;

        public KeptBatch(int cut, long bytes, IReadOnlyList<ValueSlot> live)
        {
            (Cut, Bytes) = (cut, bytes);
            _values = [.. live.Select(slot => (slot.Name, slot.ElementType == ElementType.Float32 ? (Array)slot.Singles.ToArray() : slot.Integers.ToArray()))];
        }

        public int Cut { get; }

        public long Bytes { get; }

        // False where steps behind the cut read other values than those that are here.
        public bool TryRestore(IReadOnlyList<ValueSlot> live)
        {
            if (!live.Select(slot => (slot.Name, slot.Length)).SequenceEqual(_values.Select(value => (value.Name, value.Values.Length)))) return false;
            for (int i = 0; i < live.Count; i++)
            {
                if (_values[i].Values is float[] singles) singles.CopyTo(live[i].Singles);
                else ((long[])_values[i].Values).CopyTo(live[i].Integers);
            }

            return true;
        }
    }
}
