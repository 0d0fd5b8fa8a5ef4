using System.Collections;
using System.Management.Automation;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Runs a command on one or more hosts, and writes its output line by line as it arrives.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TrainingCommand", SupportsShouldProcess = true, DefaultParameterSetName = "Lines")]
[OutputType(typeof(string), ParameterSetName = ["Lines"])]
[OutputType(typeof(TrainingCommandLine), ParameterSetName = ["Detailed"])]
[OutputType(typeof(TrainingCommandResult), ParameterSetName = ["Result"])]
[OutputType(typeof(byte[]), ParameterSetName = ["Bytes"])]
public sealed class InvokeTrainingCommandCommand : HostStepCmdlet
{
    private static readonly Regex VariableName = new(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.None, TimeSpan.FromSeconds(1));

    private readonly HostCount hosts = new();
    private CommandEnd? lastEnd;

    /// <summary>The command, which the login shell of the host runs. With -ArgumentList, the program.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Command { get; set; } = string.Empty;

    /// <summary>The arguments of the program. It gets each of them exactly as it is: no shell reads them.</summary>
    [Parameter]
    [ValidateNotNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? ArgumentList { get; set; }

    /// <summary>Runs the command as root, through sudo, which must not ask for a password.</summary>
    [Parameter]
    public SwitchParameter Sudo { get; set; }

    /// <summary>
    /// Runs the command without the Python stack. By default, it runs in the environment of the stack that Install-CondaStack installed last
    /// without -Name and -Prefix. With -Sudo, it never does.
    /// </summary>
    [Parameter]
    public SwitchParameter NoEnvironment { get; set; }

    /// <summary>The folder on the host to run the command in. The default is the user's home folder.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? WorkingDirectory { get; set; }

    /// <summary>The environment variables to set for the command, as a hashtable: @{ CUDA_VISIBLE_DEVICES = 0 }.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Environment { get; set; }

    /// <summary>
    /// The standard input: lines of text, or bytes. Without it and -InputFile, the command has no input and reads its end at once.
    /// </summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public object[]? InputObject { get; set; }

    /// <summary>A file whose content is the standard input, byte by byte.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? InputFile { get; set; }

    /// <summary>How long the command may take, in seconds. Then its processes on the host end. The default is no limit.</summary>
    [Parameter]
    [Duration(DurationUnit.Seconds, Shortest = 0.1, Longest = 1_000_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan? Timeout { get; set; }

    /// <summary>
    /// The passphrase of the private key. Without it, you are asked once in a session. The session remembers it, for the other cmdlets, too.
    /// It is never saved.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? Passphrase { get; set; }

    /// <summary>Writes no error if the command fails. Its exit code is in $LASTEXITCODE, and in the object of -Result.</summary>
    [Parameter]
    public SwitchParameter AllowFailure { get; set; }

    /// <summary>Returns an object for each line, with its host, stream, and time, instead of strings. Lines of both streams.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Detailed")]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Returns one object when the command has ended: exit code, output, error output (16 MiB each at most), and duration.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Result")]
    public SwitchParameter Result { get; set; }

    /// <summary>Returns the output as byte arrays, exactly as the command wrote it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Bytes")]
    public SwitchParameter AsByteStream { get; set; }

    private protected override string Action => $"run '{Command}'";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Passphrase is not null)
        {
            Context.Session.Get<KeyRing>().Add(Passphrase);
        }

        if (InputFile is not null && MyInvocation.BoundParameters.ContainsKey(nameof(InputObject)))
        {
            Fail(new SpotTrainerException("InputTwice", ErrorKind.InvalidArgument, "The command can have only one standard input.",
                "Use -InputObject or -InputFile.", InputFile));
        }

        foreach (var name in Environment?.Keys.Cast<object>().Select(Text).Where(name => !VariableName.IsMatch(name)) ?? [])
        {
            Fail(new SpotTrainerException("VariableNameInvalid", ErrorKind.InvalidArgument, $"'{name}' is not the name of an environment variable.",
                "Use letters, digits, and underscores, and do not start with a digit.", name));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        hosts.Close();
        base.EndProcessing();
        if (hosts.Count == 1 && lastEnd is { } end)
        {
            // As after a program on this computer.
            SessionState.PSVariable.Set("global:LASTEXITCODE", end.ExitCode);
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var command = new RemoteCommand(Command.Replace("\r\n", "\n"))
        {
            Arguments = ArgumentList,
            Sudo = Sudo,
            InStack = !NoEnvironment,
            WorkingDirectory = WorkingDirectory,
            Environment = Environment?.Cast<DictionaryEntry>().ToDictionary(one => Text(one.Key), one => Text(one.Value), StringComparer.Ordinal)
                ?? new Dictionary<string, string>(StringComparer.Ordinal),
            Input = Input(),
            Timeout = Timeout,
        };
        hosts.Add();
        return async stopping =>
        {
            var connection = await SshConnectionPool.GetAsync(host, Context, stopping);
            if (Result)
            {
                var result = await connection.RunAsync(command, stopping);
                lastEnd = new CommandEnd(result.ExitCode, result.Signal);
                if (result.ExitCode != 0 && !AllowFailure)
                {
                    throw RemoteErrors.CommandFailed(host, lastEnd, result.Said);
                }

                await Output.ObjectAsync(result);
                return;
            }

            var writer = new CommandWriter(host, hosts, Context.Time, Output, Detailed ? WriteAs.Objects : AsByteStream ? WriteAs.Bytes : WriteAs.Strings);
            var end = await connection.ExecuteAsync(command, writer.AddAsync, stopping);
            await writer.FinishAsync();
            lastEnd = end;
            if (end.ExitCode != 0 && !AllowFailure)
            {
                throw RemoteErrors.CommandFailed(host, end, writer.LastLines);
            }
        };
    }

    private Func<Stream>? Input()
    {
        if (InputFile is not null)
        {
            var path = FullPath(InputFile);
            if (!File.Exists(path))
            {
                Fail(new SpotTrainerException("FileNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.",
                    "Check -InputFile.", path));
            }

            return () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }

        if (InputObject is null)
        {
            return null;
        }

        if (InputObject.All(one => Unwrap(one) is byte or byte[]))
        {
            var bytes = InputObject.SelectMany(one => Unwrap(one) is byte[] many ? many : [(byte)Unwrap(one)!]).ToArray();
            return () => new MemoryStream(bytes);
        }

        var text = Encoding.UTF8.GetBytes(string.Concat(InputObject.Select(one => Text(one) + "\n")));
        return () => new MemoryStream(text);
    }

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static string Text(object? value) => LanguagePrimitives.ConvertTo<string>(value) ?? string.Empty;
}
