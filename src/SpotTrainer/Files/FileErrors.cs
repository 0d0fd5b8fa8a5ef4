using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>The errors of transfers.</summary>
internal static class FileErrors
{
    private const int MostNamed = 5;

    /// <summary>Says what the script on the host reports.</summary>
    /// <param name="host">The host.</param>
    /// <param name="kind">Its word: <c>file</c>, <c>denied</c>, or <c>write</c>.</param>
    /// <param name="path">The path that it concerns.</param>
    /// <param name="said">What its programs wrote to standard error.</param>
    public static SpotTrainerException Of(TrainingHost host, string kind, string path, string said) => kind switch
    {
        "file" => RemoteErrors.PathIsFile(host, path),
        "denied" => RemoteErrors.PathDenied(host, path),
        "missing" => RemoteErrors.PathMissing(host, path),
        "read" => new SpotTrainerException(
            "RemoteFileFailed", ErrorKind.InvalidOperation, $"{host} could not send {path}. {ErrorTranslation.FirstSentence(said.Trim())}".TrimEnd(),
            "Run the same command again: what has arrived is kept.", host),
        _ when said.Contains("No space left") || said.Contains("Disk quota exceeded") => HostDiskFull(host, path),
        _ => new SpotTrainerException(
            "RemoteFileFailed", ErrorKind.InvalidOperation, $"{host} could not write {path}. {ErrorTranslation.FirstSentence(said.Trim())}".TrimEnd(),
            "Check the disk of the host: Invoke-TrainingCommand 'df -h'. Then run the same command again: what has arrived is kept.", host),
    };

    public static SpotTrainerException HostDiskFull(TrainingHost host, string path, long needed, long free) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded,
        $"{DisplayText.Size(needed)} are to be sent, and {host} has {DisplayText.Size(free)} left for {path}. Nothing was sent.",
        $"Free {DisplayText.Size(needed - free)} there, send to another disk with -Destination, or launch an instance with a larger "
        + "-DiskSize.",
        host);

    public static SpotTrainerException HostLacksPrograms(TrainingHost host, string programs) => new(
        "HostLacksPrograms", ErrorKind.NotInstalled, $"{host} does not have these programs: {programs}.",
        "Install them: GNU findutils, coreutils, and tar. Without -Mirror and -Checksum, files can be sent to this host as it is.", host);

    public static SpotTrainerException MirrorRefused(TrainingHost host, string path) => new(
        "MirrorRefused", ErrorKind.InvalidArgument,
        $"{path} on {host} is the home folder, a folder above it, or one of the module's own. -Mirror would delete other files there, so nothing was sent.",
        "Use another -Destination, such as ~/spottrainer/data or a folder below it.", host);

    public static SpotTrainerException MirrorWhileBusy(TrainingHost host, IReadOnlyCollection<string> jobs) => new(
        "JobsRunning", ErrorKind.ResourceBusy,
        $"Nothing was sent: -Mirror could delete what a job reads, and {(jobs.Count == 1 ? "one runs" : $"{jobs.Count} run")} on {host}: "
        + $"{string.Join(", ", jobs.Take(MostNamed).Select(TerminalText.Clean))}.",
        "Wait with Wait-TrainingJob, or send without -Mirror.", host);

    public static SpotTrainerException MirrorNeedsFolder() => new(
        "MirrorNeedsFolder", ErrorKind.InvalidArgument, "-Mirror needs the -Path of exactly one folder, without wildcards.",
        "Name the folder itself, such as ./data, and leave out other paths.");

    /// <summary>Says that some files were not sent.</summary>
    /// <param name="host">The host.</param>
    /// <param name="failed">The files.</param>
    public static SpotTrainerException Incomplete(TrainingHost host, IReadOnlyCollection<TransferProblem> failed)
    {
        var remedies = failed.Select(one => one.Remedy).Distinct(StringComparer.Ordinal).ToArray();
        return new SpotTrainerException(
            "TransferIncomplete", ErrorKind.InvalidResult,
            $"{DisplayText.Count(failed.Count, "item")} could not be sent to {host}. {string.Join(" ", failed.Take(MostNamed))}"
            + (failed.Count > MostNamed
                ? $" The property Failed names {DisplayText.Number(failed.Count - MostNamed)} more." : string.Empty),
            $"{(remedies.Length > 1 ? "Fix the causes" : remedies[0] ?? "Fix the cause")}, and run the same command again. "
            + "Files that are already there are not sent again.", host);
    }

    public static SpotTrainerException LocalDiskFull(string path, long needed, long free) => new(
        "LocalDiskFull", ErrorKind.LimitsExceeded,
        $"{DisplayText.Size(needed)} are to be received, and this computer has {DisplayText.Size(free)} left for {path}. "
        + "Nothing was received.",
        $"Free {DisplayText.Size(needed - free)}, or receive to another disk with -Destination.", path);

    public static SpotTrainerException LocalIsFile(string path) => new(
        "LocalPathFailed", ErrorKind.InvalidOperation, $"{path} is a file, and a folder is needed there.",
        "Use another -Destination, or move or rename that file.", path);

    public static SpotTrainerException LocalNotWritten(string path, Exception inner) => IsDiskFull(inner) ? new SpotTrainerException(
        "LocalDiskFull", ErrorKind.LimitsExceeded, $"The disk of this computer that has {path} is full.",
        "Delete what is not needed, and run the same command again: what has arrived is kept.", path, inner) : new SpotTrainerException(
        "LocalPathFailed", ErrorKind.InvalidOperation, $"{path} could not be written. {ErrorTranslation.FirstSentence(inner.Message)}",
        "Use another -Destination, or check its permissions and its disk.", path, inner);

    public static SpotTrainerException HostSilent(TrainingHost host, TimeSpan patience) => new(
        "HostSilent", ErrorKind.OperationTimeout,
        string.Format(CultureInfo.CurrentCulture, "{0} is there, but has not said for {1:N0} minutes which files it has. Nothing was transferred.",
            host, patience.TotalMinutes),
        "A disk of the host may not answer. Look there: Invoke-TrainingCommand 'df'.", host);

    public static SpotTrainerException Nonsense(TrainingHost host, string path, Exception inner) => new(
        "HostTalksNonsense", ErrorKind.SecurityError, $"{host} did not answer in the way that was agreed on. {path} was not transferred.",
        "Try again. If it happens again, do not trust this host.", host, inner);

    /// <summary>Whether a disk is full: ENOSPC and EDQUOT, or ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.</summary>
    private static bool IsDiskFull(Exception exception) =>
        Platform.IsWindows ? (exception.HResult & 0xFFFF) is 112 or 39 : exception.HResult is 28 or 122 or 69;

    private static SpotTrainerException HostDiskFull(TrainingHost host, string path) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded, $"The disk of {host} that has {path} is full.",
        "Delete what is not needed there, and run the same command again: what has arrived is kept.", host);
}
