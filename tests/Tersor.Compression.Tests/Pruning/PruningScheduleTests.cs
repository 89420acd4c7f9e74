using Tersor.Compression.Pruning;

namespace Tersor.Compression.Tests.Pruning;

public class PruningScheduleTests
{
    /// <summary>The note on pruning, section 3: s_f = 0.9 over 100 steps.</summary>
    [Theory]
    [InlineData(25, 0.5203)]
    [InlineData(50, 0.7875)]
    [InlineData(75, 0.8859)]
    [InlineData(100, 0.9)]
    public void A_cubic_schedule_is_the_worked_examples(int step, double sparsity) =>
        Assert.Equal(sparsity, PruningSchedules.SparsityAfter(PruningSchedule.Cubic, 0, 0.9, step, 100), 4);

    /// <summary>The note, section 6: a fifth of what is left per round leaves 0.8^n.</summary>
    [Theory]
    [InlineData(3, 0.512)]
    [InlineData(5, 0.3277)]
    [InlineData(10, 0.1074)]
    [InlineData(15, 0.0352)]
    [InlineData(20, 0.0115)]
    public void An_iterative_schedule_prunes_the_same_share_of_what_is_left(int round, double left)
    {
        double end = 1 - Math.Pow(0.8, 20);
        Assert.Equal(left, 1 - PruningSchedules.SparsityAfter(PruningSchedule.Iterative, 0, end, round, 20), 4);
    }

    [Theory]
    [InlineData(PruningSchedule.OneShot, 1.5, 1.5, 1.5)]
    [InlineData(PruningSchedule.Iterative, 0.5, 1.0, 1.5)]
    [InlineData(PruningSchedule.Cubic, 1.055556, 1.444444, 1.5)]
    public void Thresholds_rise_to_their_end(PruningSchedule schedule, params double[] thresholds) =>
        Assert.Equal(thresholds, Enumerable.Range(1, 3).Select(round => PruningSchedules.ThresholdAfter(schedule, 1.5, round, 3)), (a, b) => Math.Abs(a - b) < 1e-6);

    [Theory]
    [InlineData(PruningSchedule.OneShot)]
    [InlineData(PruningSchedule.Iterative)]
    [InlineData(PruningSchedule.Cubic)]
    public void Every_schedule_grows_from_where_it_begins_to_where_it_ends(PruningSchedule schedule)
    {
        double before = 0.3;
        for (int round = 1; round <= 7; round++)
        {
            double now = PruningSchedules.SparsityAfter(schedule, 0.3, 0.95, round, 7);
            Assert.InRange(now, before, 0.95);
            before = now;
        }

        Assert.Equal(0.95, before);
    }
}
