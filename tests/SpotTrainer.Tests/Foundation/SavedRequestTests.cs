using SpotTrainer.Conda;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Jobs;
using SpotTrainer.Jupyter;
using SpotTrainer.Transfer;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Foundation;

/// <summary>Requests of steps are written to disk and read back as they were.</summary>
public sealed class SavedRequestTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Each_request_is_read_back_as_it_was_written()
    {
        var conda = new CondaRequest { Packages = ["pandas", "scikit-learn"], Prefix = "~/my stack", Mirror = "https://mirror.example/",
            Channels = ["conda-forge"], Name = "x", Timeout = TimeSpan.FromMinutes(5), PipPackages = ["timm==1.0"] };
        var read = SavedRequest.FromText<CondaRequest>(SavedRequest.ToText(conda));
        Assert.Equal(SavedRequest.ToText(conda), SavedRequest.ToText(read));
        Assert.Equal(conda.Wishes(), read.Wishes());

        var send = SavedRequest.FromText<SendRequest>(SavedRequest.ToText(
            new SendRequest { Sources = [new SendSource("/a/ü b")], Destination = "~/x" }));
        Assert.Equal(("/a/ü b", "~/x"), (Assert.Single(send.Sources).Path, send.Destination));

        var job = JobRequest.Create("/home/me/train 1.ipynb", "~/conda", new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.FromHours(2)));
        Assert.Matches("^train 1-20310506-050809-[0-9a-f]{6}$", job.Id);
        Assert.Equal(job with { IsNew = false }, SavedRequest.FromText<JobRequest>(SavedRequest.ToText(job)));

        var result = new ResultRequest { JobId = job.Id, Notebook = job.Notebook, Folder = job.Folder, Destination = "/home/me/out" };
        var again = SavedRequest.FromText<ResultRequest>(SavedRequest.ToText(result));
        Assert.Equal(result, again with { Include = result.Include, Exclude = result.Exclude });

        var server = new ServerRequest { Port = 9999, OpenPort = true, AllowedCidr = "203.0.113.7/32" };
        Assert.Equal(server, SavedRequest.FromText<ServerRequest>(SavedRequest.ToText(server)));
    }

    [Fact]
    public void A_password_is_never_saved_only_its_hash()
    {
        using var password = new System.Security.SecureString();
        foreach (var letter in "correct horse")
        {
            password.AppendChar(letter);
        }

        var request = SecurityRequest.Create("~/conda", password);
        SavedRequest.Write(folder["security.json"], request);
        var text = File.ReadAllText(folder["security.json"]);
        Assert.DoesNotContain("horse", text, StringComparison.Ordinal);
        var read = SavedRequest.Read<SecurityRequest>(folder["security.json"]);
        Assert.Equal((request.PasswordHash, request.Prefix), (read.PasswordHash, read.Prefix));
        Assert.Null(read.Password);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["security.json"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{ \"Port\": \"eight\" }")]
    [InlineData("{ \"Port\": 8888")]
    public void A_file_that_is_no_request_is_an_error_that_names_it(string text)
    {
        var path = folder.Write("request.json", text);
        var error = Assert.Throws<SpotTrainerException>(() => SavedRequest.Read<ServerRequest>(path));
        Assert.Equal(("RequestInvalid", path), (error.Id, error.Concerns));
    }
}
