# Loads the module's assemblies, isolated from the rest of the session, and then its cmdlets. The script uses only cmdlets of
# Microsoft.PowerShell.Core because a hosted engine has no others. It is short because each statement costs milliseconds in a new process,
# and it does not name types that are not loaded yet because the engine would search all assemblies for them. SpotTrainer.Loader.dll does
# the work.
$folder = if ($PSEdition -eq 'Core') { 'net8.0' } else { 'net472' }
try {
    $loader = [System.Reflection.Assembly]::LoadFrom("$PSScriptRoot/bin/$folder/SpotTrainer.Loader.dll").GetType('SpotTrainer.Loader.ModuleLoader', $true)
}
catch {
    if (-not [System.IO.File]::Exists("$PSScriptRoot/bin/$folder/SpotTrainer.Loader.dll")) {
        throw "SpotTrainer has not been built. Run 'dotnet build' in the folder of SpotTrainer.psd1, and import the module again."
    }

    if ($PSEdition -eq 'Core' -and [System.Environment]::Version.Major -lt 8) {
        throw "SpotTrainer requires PowerShell 7.4 or later, or Windows PowerShell 5.1. This is PowerShell $($PSVersionTable['PSVersion']). Install the current version: https://aka.ms/powershell"
    }

    # .NET loads a second assembly of the same name only if it is the same build.
    foreach ($loaded in [System.AppDomain]::CurrentDomain.GetAssemblies()) {
        if ($loaded.GetName().Name -eq 'SpotTrainer.Loader') {
            throw "This session has already loaded another copy of SpotTrainer, from '$($loaded.Location)'. To use the one in '$PSScriptRoot', open a new session."
        }
    }

    throw
}

# Windows PowerShell has a single load context for all modules, so versions can conflict.
if ($folder -eq 'net472') { foreach ($conflict in $loader::FindConflicts()) { $Host.UI.WriteWarningLine($conflict) } }
$inner = Import-Module -Assembly $loader::LoadModule() -PassThru -Force

# A second copy of the same build has the same types, and the engine refuses to load them twice.
try { Import-Module "$PSScriptRoot/SpotTrainer.Types.psd1" } catch { }
$loader::Export($ExecutionContext.SessionState.Module, $inner)

# Without this, the inner module outlives the outer one, and there are no commands after "Import-Module -Force".
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force -ErrorAction Ignore }
