using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>The errors of transfers.</summary>
internal static class FileErrors
{
    private const int MostNamed = 5;
    private const double MiB = 1 << 20;

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
            "Try again: what has arrived is kept.", host),
        _ when said.Contains("No space left") || said.Contains("Disk quota exceeded") => HostDiskFull(host, path),
        _ => new SpotTrainerException(
            "RemoteFileFailed", ErrorKind.InvalidOperation, $"{host} could not write {path}. {ErrorTranslation.FirstSentence(said.Trim())}".TrimEnd(),
            "Check the disk of the host: Invoke-TrainingCommand 'df -h'. Then send again: what has arrived is kept.", host),
    };

    public static SpotTrainerException HostDiskFull(TrainingHost host, string path, long needed, long free) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded,
        string.Format(
            CultureInfo.CurrentCulture, "{0} has {1:N0} MiB left for {2}, and {3:N0} MiB are to be sent. Nothing was sent.", host, free / MiB, path,
            Math.Ceiling(needed / MiB)),
        "Delete what is not needed there, send to another disk with -Destination, or launch an instance with a larger -DiskSize.", host);

    public static SpotTrainerException HostLacksPrograms(TrainingHost host, string programs) => new(
        "HostLacksPrograms", ErrorKind.NotInstalled, $"{host} does not have these programs: {programs}.", "Install them: GNU findutils, coreutils, and tar. Without -Mirror and -Checksum, files can be sent to this host as it is.", host);

    public static SpotTrainerException MirrorRefused(TrainingHost host, string path) => new(
        "MirrorRefused", ErrorKind.InvalidArgument, $"{path} on {host} is the home folder, a folder above it, or one of the module's own. -Mirror would delete other files there.",
        "Use another -Destination, such as ~/spottrainer/data or a folder below it.", host);

    public static SpotTrainerException MirrorWhileBusy(TrainingHost host, IReadOnlyCollection<string> jobs) => new(
        "JobsRunning", ErrorKind.ResourceBusy,
        $"-Mirror deletes nothing while a job runs, and {string.Join(", ", jobs.Take(MostNamed).Select(TerminalText.Clean))} "
        + $"{(jobs.Count == 1 ? "runs" : "run")} on {host}.",
        "Wait with Wait-TrainingJob, or send without -Mirror.", host);

    public static SpotTrainerException MirrorNeedsFolder() => new(
        "MirrorNeedsFolder", ErrorKind.InvalidArgument, "-Mirror makes the destination equal to one folder, and was given something else.",
        "Use -Mirror with the -Path of one folder, without wildcards.");

    /// <summary>Says that some files are not where they should be.</summary>
    /// <param name="host">The host.</param>
    /// <param name="failed">The files.</param>
    /// <param name="what">What they were not: "sent" or "received".</param>
    public static SpotTrainerException Incomplete(TrainingHost host, IReadOnlyCollection<TransferProblem> failed, string what) => new(
        "TransferIncomplete", ErrorKind.InvalidResult,
        $"{failed.Count:N0} of the files for {host} {(failed.Count == 1 ? "was" : "were")} not {what}. {string.Join(" ", failed.Take(MostNamed))}"
        + (failed.Count > MostNamed ? $" The property Failed names {failed.Count - MostNamed:N0} more." : string.Empty),
        "Fix the cause, and do it again: what is there already is not transferred again.", host);

    public static SpotTrainerException LocalDiskFull(string path, long needed, long free) => new(
        "LocalDiskFull", ErrorKind.LimitsExceeded,
        string.Format(
            CultureInfo.CurrentCulture, "The disk of this computer has {0:N0} MiB left for {1}, and {2:N0} MiB are to be received. Nothing was received.",
            free / MiB, path, Math.Ceiling(needed / MiB)),
        "Delete what is not needed, or receive to another disk with -Destination.", path);

    public static SpotTrainerException LocalNotWritten(string path, Exception inner) => IsDiskFull(inner) ? new SpotTrainerException(
        "LocalDiskFull", ErrorKind.LimitsExceeded, $"The disk of this computer that has {path} is full.",
        "Delete what is not needed, and receive again: what has arrived is kept.", path, inner) : new SpotTrainerException(
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
        "Delete what is not needed there, and send again: what has arrived is kept.", host);
}
