using SpotTrainer.Benchmarks;

switch (args)
{
    case ["import"]:
        ImportBenchmark.Run();
        return 0;
    case ["import", "once", var manifest]:
        ImportBenchmark.RunOnce(manifest);
        return 0;
    case ["run"]:
        await MainJobBenchmark.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("usage: SpotTrainer.Benchmarks import | run");
        return 64;
}
