using SpotTrainer.Shell;

var options = ShellOptions.Parse(args);
if (options.Usage is { } usage)
{
    var writer = options.ExitCode == 0 ? Console.Out : Console.Error;
    await writer.WriteLineAsync(usage);
    return options.ExitCode;
}

using var session = new ShellSession(options);
return session.Run();
