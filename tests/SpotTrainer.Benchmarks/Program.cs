using SpotTrainer.Benchmarks;

switch (args)
{
    case ["import"]:
        ImportBenchmark.Run();
        return 0;
    case ["import", var pwsh]:
        ImportBenchmark.Run(pwsh);
        return 0;
    case ["import", "once", var script]:
        ImportBenchmark.RunOnce(script);
        return 0;
    case ["run"]:
        await MainJobBenchmark.RunAsync();
        return 0;
    case ["connect"]:
        ConnectBenchmark.Run();
        return 0;
    case ["keys"]:
        KeyBenchmark.Run();
        return 0;
    case ["launch"]:
        await LaunchBenchmark.RunAsync();
        return 0;
    case ["many"]:
        ManyBenchmark.Run();
        return 0;
    case ["offers"]:
        await OfferBenchmark.RunAsync();
        return 0;
    case ["offers", "serve"]:
        await OfferBenchmark.ServeAsync();
        return 0;
    case ["transfer"]:
        await TransferBenchmark.RunAsync(TransferBenchmark.Parts);
        return 0;
    case ["transfer", var part] when TransferBenchmark.Parts.Contains(part):
        await TransferBenchmark.RunAsync([part]);
        return 0;
    case ["watchdog"]:
        await WatchdogBenchmark.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("usage: SpotTrainer.Benchmarks import [PWSH] | run | connect | keys | launch | many | offers"
            + $" | transfer [{string.Join('|', TransferBenchmark.Parts)}] | watchdog");
        return 64;
}
