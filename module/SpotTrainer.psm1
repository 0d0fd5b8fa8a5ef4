# Loads the module's assemblies apart from the session's others, then its cmdlets. Only cmdlets of Microsoft.PowerShell.Core are used:
# a hosted engine has no others. Kept short, since it is interpreted at every import: the work is in SpotTrainer.Loader.dll.
if ($PSVersionTable['PSEdition'] -ne 'Core') { $folder = "$PSScriptRoot/bin/net472" }
elseif ([System.Environment]::Version.Major -ge 8) { $folder = "$PSScriptRoot/bin/net8.0" }
else {
    throw "SpotTrainer needs PowerShell 7.4 or later, or Windows PowerShell 5.1. This is PowerShell $($PSVersionTable['PSVersion']): install a current one with 'winget install Microsoft.PowerShell'."
}

if (-not [System.IO.File]::Exists("$folder/SpotTrainer.Loader.dll")) {
    throw "SpotTrainer has not been built: run 'dotnet build' in the folder of SpotTrainer.psd1, or install it with 'Install-Module SpotTrainer'."
}

$null = [System.Reflection.Assembly]::LoadFrom("$folder/SpotTrainer.Loader.dll")
if ($PSVersionTable['PSEdition'] -ne 'Core') {
    foreach ($conflict in [SpotTrainer.Loader.ModuleResolver]::FindConflicts()) { $Host.UI.WriteWarningLine($conflict) }
    $inner = Import-Module -Assembly ([SpotTrainer.Loader.ModuleResolver]::LoadModule()) -PassThru -Force
}
else {
    $inner = Import-Module -Assembly ([SpotTrainer.Loader.ModuleLoadContext]::LoadModule()) -PassThru -Force
}

[SpotTrainer.Loader.ModuleExports]::Add($ExecutionContext.SessionState.Module, $inner)

# Without this the inner module outlives the outer one, and "Import-Module -Force" leaves no commands.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force -ErrorAction Ignore }
