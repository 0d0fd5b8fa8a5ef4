using SpotTrainer.Files;

namespace SpotTrainer.Tests.Files;

public sealed class LocalNamesTests
{
    [Theory]
    [InlineData("model.joblib", "model.joblib")]
    [InlineData("ckpt-12:30:00.pt", "ckpt-12_30_00.pt")]
    [InlineData("..\\..\\x", ".._.._x")]
    [InlineData("C:\\Startup\\x.bat", "C__Startup_x.bat")]
    [InlineData("nul", "_nul")]
    [InlineData("COM1.txt", "_COM1.txt")]
    [InlineData("lpt0", "_lpt0")]
    [InlineData("com¹.txt", "_com¹.txt")]
    [InlineData("CONOUT$", "_CONOUT$")]
    [InlineData("nul .txt", "_nul .txt")]
    [InlineData("console", "console")]
    [InlineData("name. ", "name")]
    [InlineData("...", "_")]
    public void Names_from_a_host_stay_in_their_folder_on_Windows(string name, string expected) =>
        Assert.Equal(expected, LocalNames.ForWindows(name));
}
