using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>Installs Python and packages on hosts. What is already installed is kept.</summary>
[Cmdlet(VerbsLifecycle.Install, "CondaStack", SupportsShouldProcess = true, DefaultParameterSetName = "Packages")]
[OutputType(typeof(CondaStack))]
public sealed class InstallCondaStackCommand : HostStepCmdlet
{
    /// <summary>A lock has a line for each package.</summary>
    private const int MostLockBytes = 4 * 1024 * 1024;

    private CondaRequest request = new();

    /// <summary>
    /// The packages, by their conda names, also with versions: pandas, pandas=2.2, 'pandas&gt;=2.1,&lt;3'. What jobs need to run notebooks
    /// (nbclient, ipykernel) is always installed, too. With -EnvironmentFile or -PipPackage, the default is none.
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = "Packages")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(PackageCompleter))]
    public string[] Package { get; set; } = ["lightgbm", "hdbscan", "scikit-learn", "pandas", "notebook", "matplotlib"];

    /// <summary>Packages from PyPI, which pip installs after the others, also with versions: timm, timm==1.0.9.</summary>
    [Parameter(ParameterSetName = "Packages")]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] PipPackage { get; set; } = [];

    /// <summary>The conda channels that the packages come from, the preferred one first. conda-forge has no terms of service.</summary>
    [Parameter(ParameterSetName = "Packages")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Channel { get; set; } = ["conda-forge"];

    /// <summary>An environment.yml (channels, packages, pip's packages, and variables) or a requirements.txt on this computer.</summary>
    [Parameter(ParameterSetName = "Packages")]
    [ValidateNotNullOrEmpty]
    public string? EnvironmentFile { get; set; }

    /// <summary>The version of Python, such as 3.12, or a range such as '&gt;=3.11,&lt;3.13'. The default is the newest that fits.</summary>
    [Parameter(ParameterSetName = "Packages")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Python { get; set; }

    /// <summary>
    /// Installs the builds for CUDA of packages that have some (lightgbm, pytorch, xgboost, tensorflow, and others), as new as the host's driver
    /// allows. Without a driver, it is an error.
    /// </summary>
    [Parameter(ParameterSetName = "Packages")]
    public SwitchParameter Gpu { get; set; }

    /// <summary>A file from Export-CondaLock, or from 'conda list --explicit --md5': exactly its packages are installed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Lock")]
    [ValidateNotNullOrEmpty]
    public string LockFile { get; set; } = string.Empty;

    /// <summary>
    /// The name of an environment of its own, next to others. It is in the folder envs of -Prefix. Later steps use it if you pipe the stack to
    /// them.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Name { get; set; }

    /// <summary>The folder on the host to install to. It must not exist, unless this cmdlet made it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>What the stack begins with. Anaconda3 has hundreds of packages. The default is Miniforge3, or what is there.</summary>
    [Parameter]
    [ValidateSet("Miniforge3", "Miniconda3", "Anaconda3")]
    public string? Distribution { get; set; }

    /// <summary>The version of the distribution. The default is the newest whose hash the module knows, or what is there.</summary>
    [Parameter]
    [PlainName]
    [ValidatePattern(@"^[A-Za-z0-9][\w.-]*$")]
    [ArgumentCompleter(typeof(InstallerVersionCompleter))]
    public string? Version { get; set; }

    /// <summary>The SHA-256 hash of the installer, for a -Version that the module does not know. An installer with another hash never runs.</summary>
    [Parameter]
    [ValidatePattern("^[0-9A-Fa-f]{64}$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Sha256 { get; set; }

    /// <summary>The address of a folder with the installers, if the host cannot reach the publisher's.</summary>
    [Parameter]
    [ValidatePattern(@"^https?://[^\s'""]+$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? CondaMirror { get; set; }

    /// <summary>Says that you accept Anaconda's terms of service for its channels. conda-forge, the default, has none.</summary>
    [Parameter]
    public SwitchParameter AcceptAnacondaTerms { get; set; }

    /// <summary>Deletes the stack that is there, if this cmdlet made it, and rebuilds it. With the base, its environments are deleted, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>How long it may take, in minutes. The default is 60.</summary>
    [Parameter]
    [Duration(DurationUnit.Minutes, Shortest = 0.1, Longest = 100_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    private protected override string Action
    {
        get
        {
            var what = request.Lock is null ? string.Join(", ", CondaSpecs.Of(request).Concat(request.PipPackages)) : $"the packages of {LockFile}";
            return $"{(Force ? "delete the Python stack and install" : "install")} {Distribution ?? CondaInstallers.Default}, {what}";
        }
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var bound = MyInvocation.BoundParameters;
        var isOwn = bound.ContainsKey(nameof(Package)) || (EnvironmentFile is null && PipPackage.Length == 0);
        try
        {
            request = new CondaRequest
            {
                Distribution = Distribution, Version = Version, Sha256 = Sha256, Mirror = CondaMirror, AcceptsTerms = AcceptAnacondaTerms,
                Prefix = Prefix.Length > 1 ? Prefix.TrimEnd('/') : Prefix, Name = Name, Packages = isOwn && ParameterSetName == "Packages" ? Package : [],
                PipPackages = PipPackage, Channels = Channel, Python = Python, Gpu = Gpu, Force = Force, Timeout = Timeout,
                IsDefault = Name is null && !bound.ContainsKey(nameof(Prefix)),
                Lock = ParameterSetName == "Lock" ? ReadLock() : null,
            };
            if (EnvironmentFile is not null)
            {
                request = Conda.EnvironmentFile.AddTo(request, FullPath(EnvironmentFile));
            }

            CondaSpecs.Require(request);
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            Fail(exception, EnvironmentFile ?? LockFile);
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var own = request;
        return async stopping => await Output.ObjectAsync(await CondaInstaller.EnsureAsync(host, own, Context, stopping));
    }

    private string ReadLock()
    {
        var path = FullPath(LockFile);
        if (!File.Exists(path) || new FileInfo(path).Length > MostLockBytes)
        {
            throw new SpotTrainerException("FileNotFound", ErrorKind.ObjectNotFound, $"There is no lock file {path}.", "Check -LockFile.", path);
        }

        var text = File.ReadAllText(path).Replace("\r\n", "\n");
        CondaLock.Read(text, path);
        return text;
    }
}
