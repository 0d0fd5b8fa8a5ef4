# Loads the module's assemblies apart from the session's others, then its cmdlets. Only cmdlets of Microsoft.PowerShell.Core are used:
# a hosted engine has no others. Kept short, and without names of types that are not loaded yet (the engine would search every assembly
# for them): the work is in SpotTrainer.Loader.dll.
$folder = "$PSScriptRoot/bin/net8.0"
if ($PSVersionTable['PSEdition'] -ne 'Core') { $folder = "$PSScriptRoot/bin/net472" }
elseif ([System.Environment]::Version.Major -lt 8) {
    throw "SpotTrainer needs PowerShell 7.4 or later, or Windows PowerShell 5.1. This is PowerShell $($PSVersionTable['PSVersion']): install a current one with 'winget install Microsoft.PowerShell'."
}

if (-not [System.IO.File]::Exists("$folder/SpotTrainer.Loader.dll")) {
    throw "SpotTrainer has not been built: run 'dotnet build' in the folder of SpotTrainer.psd1, or install it with 'Install-Module SpotTrainer'."
}

$loader = [System.Reflection.Assembly]::LoadFrom("$folder/SpotTrainer.Loader.dll").GetType('SpotTrainer.Loader.ModuleLoader')
foreach ($conflict in $loader::FindConflicts()) { $Host.UI.WriteWarningLine($conflict) }
$inner = Import-Module -Assembly $loader::LoadModule() -PassThru -Force
$loader::Export($ExecutionContext.SessionState.Module, $inner)

# Without this the inner module outlives the outer one, and "Import-Module -Force" leaves no commands.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force -ErrorAction Ignore }
