using System.Text.Json;
using SpotTrainer.Conda;
using SpotTrainer.Remote;

namespace SpotTrainer.Tests.Conda;

/// <summary>Errors of conda as it prints them with <c>--json</c>, and what a user reads. The texts are those of conda 23.1 to 26.7.</summary>
public sealed class CondaErrorsTests
{
    private static readonly TrainingHost Host = new("train.example", 22, "me", keyPath: null, ["SHA256:x"]);

    [Theory]
    [InlineData("PackagesNotFoundError", """ "packages": ["sklearn"] """, "PackagesNotFound", "cannot find these packages: sklearn.")]
    [InlineData("PackagesNotFoundInChannelsError", """ "packages": ["nope"] """, "PackagesNotFound", "cannot find these packages: nope.")]
    [InlineData("PackagesNotFoundError", """ "packages": ["pandas[version='>=99']"] """, "PackagesNotFound", "no such version of these packages: pandas >=99.")]
    [InlineData("PackagesNotFoundError", """ "packages": ["pandas=99"] """, "PackagesNotFound", "no such version of these packages: pandas=99.")]
    [InlineData("PackagesNotFoundError", """ "packages": ["__cuda[version='>=12']"] """, "GpuDriverMissing", "(__cuda >=12)")]
    [InlineData("LibMambaUnsatisfiableError", """ "message": "Encountered problems while solving:\n  - nothing provides requested nope\n" """,
        "PackagesNotFound", "cannot find these packages: nope.")]
    [InlineData("LibMambaUnsatisfiableError",
        """ "message": "The following package could not be installed\n└─ nope =* * does not exist (perhaps a typo or a missing channel)." """,
        "PackagesNotFound", "nope")]
    [InlineData("UnsatisfiableError", """ "message": "The following specifications were found to be incompatible with each other:\n\n  - numpy<1" """,
        "PackagesConflict", "incompatible with each other: - numpy<1")]
    [InlineData("LibMambaUnsatisfiableError", """ "message": "└─ pandas 2.2 is not installable because it requires\n   └─ numpy >=2, which conflicts" """,
        "PackagesConflict", "which conflicts")]
    [InlineData("LibMambaUnsatisfiableError", """ "message": "Encountered problems while solving:\n  - nothing provides __cuda >=12 needed by gpuonly-1.0-pyhd8ed1ab_0\n" """,
        "GpuDriverMissing", "(__cuda >=12)")]
    [InlineData("LibMambaUnsatisfiableError",
        """ "message": "└─ gpuonly =* * is not installable because it requires\n   └─ __cuda >=12 *, which is missing on the system." """,
        "GpuDriverMissing", "(__cuda >=12)")]
    [InlineData("LibMambaUnsatisfiableError",
        """ "message": "└─ b =* * is not installable because it requires\n   └─ liba >=2.0 *, which does not exist (perhaps a missing channel)." """,
        "PackagesNotFound", "no such version of these packages: liba >=2.0.")]
    [InlineData("LibMambaUnsatisfiableError",
        """ "message": "  - package confb-1.0-pyhd8ed1ab_0 requires liba >=1.2, but none of the providers can be installed\n" """,
        "PackagesConflict", "none of the providers")]
    [InlineData("UnsatisfiableError", """ "message": "x:\n\n  - gpuonly -> __cuda[version='>=12']\n\nYour installed version is: not available" """,
        "GpuDriverMissing", "(__cuda >=12)")]
    [InlineData("CondaMultiError", """ "errors": [{ "exception_name": "ChecksumMismatchError", "message": "Conda detected a mismatch" }] """,
        "PackagesUnreachable", "mismatch")]
    [InlineData("CondaHTTPError", """ "message": "HTTP 000 CONNECTION FAILED for url <https://conda.anaconda.org/conda-forge/linux-64/repodata.json>\nElapsed: -" """,
        "PackagesUnreachable", "HTTP 000 CONNECTION FAILED for url <https://conda.anaconda.org")]
    [InlineData("CondaSSLError", """ "message": "x" """, "PackagesUnreachable", "x")]
    [InlineData("ChecksumMismatchError", """ "message": "Conda detected a mismatch" """, "PackagesUnreachable", "mismatch")]
    [InlineData("UnavailableInvalidChannel", """ "message": "HTTP 404 NOT FOUND for channel nope" """, "ChannelNotFound", "HTTP 404 NOT FOUND for channel nope")]
    [InlineData("NoSpaceLeftError", """ "message": "No space left on devices." """, "HostDiskFull", "no room left")]
    [InlineData("CondaMemoryError", """ "message": "The conda process ran out of memory." """, "HostOutOfMemory", "too little memory")]
    [InlineData("LockError", """ "message": "LOCKERROR" """, "StackLocked", "LOCKERROR")]
    [InlineData("EnvironmentNotWritableError", """ "message": "The current user does not have write permissions" """, "StackFolderDenied", "write permissions")]
    [InlineData("NotWritableError", """ "message": "The current user does not have write permissions" """, "StackFolderDenied", "write permissions")]
    [InlineData("CondaToSNonInteractiveError", """ "message": "Terms of Service have not been accepted" """, "AnacondaTermsNotAccepted", "https://www.anaconda.com/legal")]
    [InlineData("InvalidMatchSpec", """ "message": "Invalid spec 'a=b=c=d'" """, "PackageNameInvalid", "Invalid spec 'a=b=c=d'")]
    [InlineData("KeyError", """ "error": "KeyError('x')", "traceback": "Traceback secret", "command": "conda secret" """, "CondaFailed", "KeyError('x')")]
    public void Each_error_of_conda_becomes_one_sentence(string name, string fields, string id, string said)
    {
        var json = JsonDocument.Parse($$"""{ "exception_name": "{{name}}", {{fields}} }""").RootElement;
        var error = CondaErrors.From(Host, new CondaRequest(), "conda 1 some progress bar", json);
        Assert.Equal(id, error.Id);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("progress bar", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep);
    }

    [Theory]
    [InlineData("sklearn", "Use scikit-learn for sklearn.")]
    [InlineData("torch", "Use pytorch for torch.")]
    [InlineData("cv2", "Use opencv for cv2.")]
    public void A_slip_gets_a_hint(string name, string said)
    {
        var json = JsonDocument.Parse($$"""{ "exception_name": "PackagesNotFoundError", "packages": ["{{name}}"] }""").RootElement;
        Assert.StartsWith(said, CondaErrors.From(Host, new CondaRequest(), "conda 1", json).NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conda 137", "HostOutOfMemory")]
    [InlineData("installer 137 Killed", "HostOutOfMemory")]
    [InlineData("pip 137 ", "HostOutOfMemory")]
    [InlineData("conda 1 Traceback (most recent call last)", "CondaFailed")]
    [InlineData("conda 1 OSError: [Errno 28] No space left on device", "HostDiskFull")]
    [InlineData("conda 1 conda.exceptions.InvalidVersionSpec: Invalid version '2..1'", "PackageNameInvalid")]
    [InlineData("installer 1 ERROR: Not enough free disk space.", "HostDiskFull")]
    [InlineData("pip 1 ERROR: No matching distribution found for timm==99", "PackagesNotFound")]
    [InlineData("pip 1 ERROR: Failed building wheel", "PipFailed")]
    [InlineData("denied /opt", "StackFolderDenied")]
    [InlineData("missing curl", "ProgramMissing")]
    [InlineData("full /home/me", "HostDiskFull")]
    [InlineData("differs Miniconda3 py312_24.9.2-0", "StackDiffers")]
    [InlineData("unreachable https://x/y.sh curl: (6) Could not resolve host: x", "InstallerUnreachable")]
    [InlineData("nonsense", "StackReportDamaged")]
    [InlineData("", "StackReportDamaged")]
    public void Each_end_of_the_script_is_an_error_of_its_own(string end, string id) =>
        Assert.Equal(id, CondaErrors.From(Host, new CondaRequest(), end, answer: null).Id);

    [Fact]
    public void Whatever_a_host_says_is_read()
    {
        var random = new Random(7);
        string[] words = ["conda", "pip", "changed", "refused", "architecture", "differs", "platform", "installer", "unsound", " ", "1", "137", "\x1b[2J", "\n", "é", "found for "];
        string[] json = ["null", "[]", "1", "{}", """{"packages": 1}""", """{"packages": [1, null, "x[", "y[version=']"], "exception_name": "PackagesNotFoundError"}""",
            """{"exception_name": 1, "message": {}}""", """{"exception_name": "LibMambaUnsatisfiableError", "message": "└─ \u001b[2J does not exist"}"""];
        for (var i = 0; i < 2000; i++)
        {
            var end = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => words[random.Next(words.Length)]));
            var error = CondaErrors.From(Host, new CondaRequest(), end, JsonDocument.Parse(json[random.Next(json.Length)]).RootElement);
            Assert.DoesNotContain('\x1b', error.Message + error.NextStep + error.Concerns);
        }
    }
}
