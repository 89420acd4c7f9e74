using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

/// <summary>
/// The oracle: sections 6 to 9 of the implementer's text, register by register and bin by bin as they are written there, slow and without shortcuts.
/// </summary>
internal sealed class TextDecoder
{
    private static readonly int[] Steps =
    [
        2512, 2288, 2064, 1840, 1616, 1392, 1168, 944, 720, 560, 464, 368, 272, 208, 144, 80,
        64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 0,
    ];

    private static readonly int[,] Starts =
    {
        { 5, 4, 0, 0 }, { 5, 4, -41, -654 }, { 5, 4, 95, 1519 }, { 4, 5, 0, 0 }, { 6, 6, 30, 482 },
        { 6, 6, 95, 1519 }, { 6, 6, -21, -337 }, { 7, 5, 0, 0 }, { 7, 5, 30, 482 },
    };

    private static readonly string[] Widths =
    [
        "128 112 97 84 74 65 57 50 45 39 34 30 27 23 20 18 15 14 12 11 10 9 7 7 5 5 4 4 3 3 2 2",
        "142 125 108 93 82 72 63 56 50 43 38 33 30 26 22 20 17 16 13 12 11 10 8 8 6 6 5 5 3 3 2 2",
        "156 137 119 103 90 79 70 61 55 48 42 37 33 28 24 22 19 17 15 13 12 11 9 9 6 6 5 5 4 4 2 2",
        "171 150 130 112 99 87 76 67 60 52 46 40 36 31 27 24 21 19 16 15 13 12 10 10 7 7 6 6 4 4 3 3",
        "185 162 141 121 107 94 82 73 65 56 50 43 39 34 29 26 22 21 17 16 14 13 11 11 8 8 6 6 4 4 3 3",
        "199 175 152 131 115 101 89 78 70 61 54 47 42 36 31 28 24 22 19 17 15 14 12 12 8 8 7 7 5 5 3 3",
        "213 187 163 140 123 108 95 84 75 65 58 50 45 39 33 30 26 24 20 18 16 15 13 13 9 9 7 7 5 5 3 3",
        "228 200 174 150 132 116 102 90 80 70 62 54 48 42 36 32 28 26 22 20 18 16 14 14 10 10 8 8 6 6 4 4",
    ];

    public static readonly int[][] WidthTable =
        [.. Widths.Select(row => row.Split(' ').Select(w => int.Parse(w, System.Globalization.CultureInfo.InvariantCulture)).ToArray())];

    public static readonly int[,] NextState = { { 0, 2 }, { 7, 5 }, { 1, 3 }, { 6, 4 }, { 2, 0 }, { 5, 7 }, { 3, 1 }, { 4, 6 } };

    private readonly byte[] _payload;
    private readonly Dictionary<string, Context> _contexts = [];
    private int _consumed = 2;
    private int _range = 510;
    private int _value;
    private int _need = -8;

    public TextDecoder(byte[] payload)
    {
        _payload = payload;
        _value = (payload[0] << 8) | payload[1];
    }

    public List<EntryPoint> EntryPoints { get; } = [];

    public List<int> Bins { get; } = [];

    public int Bypass()
    {
        Shift(1);
        int bin = 0;
        if (_value >= _range << 7)
        {
            _value -= _range << 7;
            bin = 1;
        }

        Bins.Add(bin);
        return bin;
    }

    public int Number(int bits)
    {
        int number = 0;
        for (int i = 0; i < bits; i++) number = (number << 1) | Bypass();
        return number;
    }

    public bool Finish()
    {
        _range -= 2;
        return _value >= _range << 7 && _consumed == _payload.Length && ((_payload[_consumed - 1] << (8 + _need)) & 255) == 0x80;
    }

    public int[] Tensor(LevelSyntax syntax, int[] baseLevels, byte[] history)
    {
        _contexts.Clear();
        int height = syntax.RowCount, width = syntax.RowLength, n = height * width, flags = syntax.GreaterFlagCount;
        bool second = syntax.Dialect == NncDialect.EditionTwo, dq = syntax.DependentQuantization;
        int size = second && syntax.CodebookSize > 0 ? syntax.CodebookSize : 0, zero = syntax.CodebookZero;
        bool temporal = baseLevels.Length > 0;
        int scan = width == 1 || n == width ? 0 : syntax.ScanOrder;
        int side = 4 << scan;
        bool[] skip = new bool[height];
        bool hist = false;
        if (second && width > 1 && n > width && size != 1)
        {
            if (syntax.ParentNodePresent) hist = Bypass() == 1;
            if (Bypass() == 1)
            {
                for (int row = 0; row < height; row++) skip[row] = Bin("row") == 1;
            }
        }

        foreach (string name in ShiftList(syntax, size, temporal, hist)) Get(name).Start(Bin("shift") == 1 ? 1 + Number(3) : 0);
        if (scan > 0 && (syntax.Dialect == NncDialect.EditionOne || height > side)) _range = 256;

        int[] levels = new int[n];
        int nb = 0, s = 0;
        long last = Position();
        List<(int Row, int Column, bool SegmentStart, bool BlockRowEnd)> order = [.. Order(height, width, scan, side)];
        foreach ((int row, int column, bool segmentStart, bool blockRowEnd) in order)
        {
            int at = (row * width) + column;
            if (skip[row])
            {
                if (segmentStart && dq)
                {
                    for (int i = 0; i < width; i++) s = NextState[s, 0];
                }
            }
            else
            {
                int b = temporal ? baseLevels[at] : 0;
                int k = size == 1 ? 0 : Symbol(nb, s, b, hist && history[at] != 0, size, zero, flags);
                nb = k;
                levels[at] = k;
                if (dq)
                {
                    levels[at] = k == 0 ? 0 : (2 * k) - (Math.Sign(k) * (s & 1));
                    s = NextState[s, Math.Abs(k) & 1];
                }
            }

            if (!blockRowEnd || at == n - 1) continue;
            foreach (Context context in _contexts.Values) context.Start(context.Index);
            nb = 0;
            _range = 256;
            EntryPoints.Add(new EntryPoint(_value >> 7, s, Position() - last));
            last = Position();
        }

        return levels;
    }

    /// <summary>The research codec's tensor (section 15): its step size pattern and levels. Contexts carry over from tensor to tensor.</summary>
    public (uint StepBits, int[] Shape, int[] Levels) ResearchTensor()
    {
        int flags = Number(4) + 4;
        int dimensions = Number(2) switch { 0 => 1, 1 => 2, _ => 4 };
        int[] shape = new int[dimensions];
        for (int i = 0; i < dimensions; i++) shape[i] = Number(16);
        uint step = (uint)Number(16);
        step |= (uint)Number(16) << 16;
        int n = shape.Aggregate((a, b) => a * b), width = n / shape[0];
        int[] levels = new int[n];
        int nb = 0;
        for (int i = 0; i < n; i++)
        {
            levels[i] = Symbol(nb, 0, 0, false, 0, 0, flags);
            nb = (i + 1) % width == 0 ? 0 : levels[i];
        }

        return (step, shape, levels);
    }

    /// <summary>Section 9.1; scan 0 also stands for block scans of a single row or column.</summary>
    public static IEnumerable<(int Row, int Column, bool SegmentStart, bool BlockRowEnd)> Order(int height, int width, int scan, int side)
    {
        if (scan == 0)
        {
            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column++) yield return (row, column, column == 0, false);
            }

            yield break;
        }

        for (int top = 0; top < height; top += side)
        {
            for (int left = 0; left < width; left += side)
            {
                for (int row = top; row < Math.Min(height, top + side); row++)
                {
                    for (int column = left; column < Math.Min(width, left + side); column++)
                    {
                        bool end = row == Math.Min(height, top + side) - 1 && column == width - 1;
                        yield return (row, column, column == left, end);
                    }
                }
            }
        }
    }

    private static IEnumerable<string> ShiftList(LevelSyntax syntax, int size, bool temporal, bool hist)
    {
        if (size == 1) yield break;
        int z = syntax.CodebookZero, flags = syntax.GreaterFlagCount;
        long most = size == 0 ? long.MaxValue / 4 : Math.Max(z, size - 1 - z);
        int states = syntax.DependentQuantization ? 8 : 1;
        for (int i = 0; i < 3 * states; i++) yield return $"sig{i / 3},{i % 3}";
        for (int i = 0; temporal && i < 2 * states; i++) yield return $"sigT{i / 2},{i % 2}";
        for (int i = 0; hist && i < states; i++) yield return $"sigH{i}";
        if (size == 0 || (z != 0 && z != size - 1))
        {
            for (int i = 0; i < 3; i++) yield return $"sign{i}";
            for (int i = 0; temporal && i < 2; i++) yield return $"signT{i}";
        }

        for (int i = 0; i < 2 * flags && i < 2 * most; i++) yield return $"gt{i / 2},{i % 2}";
        for (int i = 0; temporal && i < 2 * flags && i < 2 * (most - 1); i++) yield return $"gtT{i / 2},{i % 2}";
        for (int j = 0; j < (syntax.Dialect == NncDialect.EditionOne ? 32 : 31); j++)
        {
            if (flags - 1 + (1L << (j + 1)) - 1 < most) yield return $"rem{j}";
        }
    }

    private int Symbol(int nb, int s, int b, bool h, int size, int zero, int flags)
    {
        int neighbour = nb == 0 ? 0 : nb < 0 ? 1 : 2;
        int sig = Bin(h ? $"sigH{s}" : b != 0 ? $"sigT{s},{(Math.Abs(b) > 1 ? 1 : 0)}" : $"sig{s},{neighbour}");
        if (sig == 0) return 0;
        bool negative = size > 0 && zero == 0 ? false
            : size > 0 && zero == size - 1 ? true
            : Bin(b != 0 ? $"signT{(b < 0 ? 0 : 1)}" : $"sign{neighbour}") == 1;
        long most = size == 0 ? long.MaxValue / 4 : negative ? zero : size - 1 - zero;
        long a = 1;
        int greater = 0;
        for (int x = 0; most > 1; x++)
        {
            greater = Bin(b != 0 ? $"gtT{x},{(Math.Abs(b) >= x ? 0 : 1)}" : $"gt{x},{(negative ? 1 : 0)}");
            a += greater;
            if (greater == 0 || x == flags - 1 || a == most) break;
        }

        if (greater == 1 && a < most)
        {
            int j = 0, e = 0;
            while (true)
            {
                int prefix = Bin($"rem{j}");
                if (prefix == 1)
                {
                    a += 1L << e;
                    e++;
                }

                j++;
                if (prefix == 0 || a + (1L << e) > most || j == 31) break;
            }

            a += Number(e);
        }

        return checked((int)(negative ? -a : a));
    }

    private int Bin(string name)
    {
        Context context = Get(name);
        int p = context.Probability;
        int width = WidthTable[(_range >> 5) & 7][Math.Abs(p >> 7)];
        int bin = p >= 0 ? 1 : 0;
        _range -= width;
        if (_value >> 7 >= _range)
        {
            bin = 1 - bin;
            _value -= _range << 7;
            _range = width;
        }

        int m = 0;
        for (; _range < 256; m++) _range <<= 1;
        Shift(m);
        context.Update(bin);
        Bins.Add(bin);
        return bin;
    }

    private void Shift(int m)
    {
        _value <<= m;
        _need += m;
        if (_need < 0) return;
        _value += (_consumed < _payload.Length ? _payload[_consumed] : 0) << _need;
        _consumed++;
        _need -= 8;
    }

    private long Position() => (8L * _consumed) - 8 + _need;

    private Context Get(string name)
    {
        if (!_contexts.TryGetValue(name, out Context? context)) _contexts.Add(name, context = new Context());
        return context;
    }

    /// <summary>Section 7, with plain integers.</summary>
    public sealed class Context
    {
        private int _sa;
        private int _sb;

        public Context() => Start(0);

        public int Index { get; private set; }

        public int A { get; private set; }

        public int B { get; private set; }

        public int Probability => (16 * A) + B;

        public void Start(int index) => (Index, _sa, _sb, A, B) = (index, Starts[index, 0], Starts[index, 1], Starts[index, 2], Starts[index, 3]);

        public void Update(int bin)
        {
            int g = bin == 1 ? 1 : -1;
            int a = A + (g * (Steps[16 + ((g * A) >> 3)] >> _sa));
            B += g * (Steps[16 + ((g * B) >> 7)] >> _sb);
            A = a;
        }
    }
}
