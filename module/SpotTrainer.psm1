# Loads the module's assemblies apart from the session's others, then its cmdlets. Only cmdlets of Microsoft.PowerShell.Core are used:
# a hosted engine has no others. Kept short, and without names of types that are not loaded yet (the engine would search every assembly
# for them): each statement costs milliseconds in a new process. The work is in SpotTrainer.Loader.dll.
$folder = if ($PSEdition -eq 'Core') { 'net8.0' } else { 'net472' }
try {
    $loader = [System.Reflection.Assembly]::LoadFrom("$PSScriptRoot/bin/$folder/SpotTrainer.Loader.dll").GetType('SpotTrainer.Loader.ModuleLoader', $true)
}
catch {
    if (-not [System.IO.File]::Exists("$PSScriptRoot/bin/$folder/SpotTrainer.Loader.dll")) {
        throw "SpotTrainer has not been built: run 'dotnet build' in the folder of SpotTrainer.psd1, or install it with 'Install-Module SpotTrainer'."
    }

    if ($PSEdition -eq 'Core' -and [System.Environment]::Version.Major -lt 8) {
        throw "SpotTrainer needs PowerShell 7.4 or later, or Windows PowerShell 5.1. This is PowerShell $($PSVersionTable['PSVersion']): install a current one with 'winget install Microsoft.PowerShell'."
    }

    throw
}

# Windows PowerShell has one load context for all modules.
if ($folder -eq 'net472') { foreach ($conflict in $loader::FindConflicts()) { $Host.UI.WriteWarningLine($conflict) } }
$inner = Import-Module -Assembly $loader::LoadModule() -PassThru -Force
$loader::Export($ExecutionContext.SessionState.Module, $inner)

# Without this the inner module outlives the outer one, and "Import-Module -Force" leaves no commands.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force -ErrorAction Ignore }
