using Tersor.Cli.Output;

namespace Tersor.Cli.Tests.Output;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("conv1.weight/größe 層 😀", "conv1.weight/größe 層 😀")]
    [InlineData("a\u001b[2Jb", "a\\u001b[2Jb")]
    [InlineData("a\r\nb", "a\\u000d\\u000ab")]
    [InlineData("a\u202eb", "a\\u202eb")]
    [InlineData("\u009b31m", "\\u009b31m")]
    public void Escape_LeavesNothingThatSteersTheTerminal(string text, string visible) => Assert.Equal(visible, VisibleText.Escape(text));

    [Fact]
    public void Escape_LoneSurrogate_IsWrittenOut() => Assert.Equal("a\\ud800b", VisibleText.Escape("a" + (char)0xD800 + "b"));
}
