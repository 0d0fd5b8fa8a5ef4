namespace SpotTrainer.Notebooks;

/// <summary>Whether an environment has a module.</summary>
internal enum ModuleAnswer
{
    /// <summary>It has it, or nobody can say.</summary>
    There,

    /// <summary>It probably does not have it: a package there may bring it along.</summary>
    Doubtful,

    /// <summary>It does not have it.</summary>
    Missing,
}

/// <summary>What the environment of a job has, as far as it is known.</summary>
internal sealed class NotebookEnvironment
{
    private readonly HashSet<string> modules;
    private readonly bool areAllKnown;
    private readonly StackFacts? stack;

    private NotebookEnvironment(string title, IEnumerable<string> modules, bool areAllKnown, StackFacts? stack)
    {
        Title = title;
        this.modules = new HashSet<string>(modules, StringComparer.Ordinal);
        this.areAllKnown = areAllKnown;
        this.stack = stack;
    }

    /// <summary>What it is called in messages.</summary>
    public string Title { get; }

    /// <summary>The environment that some packages make.</summary>
    public static NotebookEnvironment Of(EnvironmentFile file, string title)
    {
        var (packages, areAllKnown) = PackageContents.With(file.Packages);
        return new NotebookEnvironment(
            title, packages.SelectMany(ImportNames.ModulesOf).Concat(PackageContents.InEveryStack), areAllKnown && file.IsComplete,
            stack: null);
    }

    /// <summary>The environment of a stack on a host, which was asked, with further packages that will be installed.</summary>
    public static NotebookEnvironment Of(StackFacts stack, string title, EnvironmentFile? further)
    {
        var (packages, areAllKnown) = PackageContents.With(further?.Packages ?? []);
        return new NotebookEnvironment(title, packages.SelectMany(ImportNames.ModulesOf), areAllKnown, stack);
    }

    /// <summary>Whether the environment can run a notebook in another language than Python 3.</summary>
    public bool HasKernel(NotebookKernel kernel) => stack?.Kernels.Contains(kernel.Name, StringComparer.Ordinal) == true;

    /// <summary>Returns whether the environment has a module.</summary>
    /// <param name="module">Its full name.</param>
    /// <param name="installed">What the notebook installs itself; null if nobody can say what that is.</param>
    public ModuleAnswer Has(string module, NotebookEnvironment? installed)
    {
        var top = module.Split('.')[0];
        if (installed is null || installed.modules.Contains(module) || installed.modules.Contains(top))
        {
            return ModuleAnswer.There;
        }

        // Only a stack knows for certain which modules its Python still has.
        var isThere = modules.Contains(module) || modules.Contains(top)
            || (stack is null ? StandardModules.Contains(top) : !stack.Missing.Contains(top, StringComparer.Ordinal));
        return isThere ? ModuleAnswer.There
            : areAllKnown && installed.areAllKnown && (stack is not null || ImportNames.Knows(module)) ? ModuleAnswer.Missing
            : ModuleAnswer.Doubtful;
    }
}
