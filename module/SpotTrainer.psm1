# Loads the module's assemblies apart from the session's others, then its cmdlets. Only cmdlets of Microsoft.PowerShell.Core
# are used: a hosted engine has no others.
$edition = if ($PSVersionTable['PSEdition'] -eq 'Core') { 'net8.0' } else { 'net472' }
if ($edition -eq 'net8.0' -and [System.Environment]::Version.Major -lt 8) {
    throw "SpotTrainer needs PowerShell 7.4 or later, or Windows PowerShell 5.1. This is PowerShell $($PSVersionTable['PSVersion']): install a current one with 'winget install Microsoft.PowerShell'."
}

$folder = [System.IO.Path]::Combine($PSScriptRoot, 'bin', $edition)
if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'SpotTrainer.dll'))) {
    throw "SpotTrainer has not been built: run 'dotnet build' in the folder of SpotTrainer.psd1, or install it with 'Install-Module SpotTrainer'."
}

$null = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($folder, 'SpotTrainer.Loader.dll'))
if ($edition -eq 'net8.0') {
    $assembly = [SpotTrainer.Loader.ModuleLoadContext]::LoadModule()
}
else {
    foreach ($conflict in [SpotTrainer.Loader.ModuleResolver]::FindConflicts()) {
        $Host.UI.WriteWarningLine($conflict)
    }

    $assembly = [SpotTrainer.Loader.ModuleResolver]::LoadModule()
}

$inner = Import-Module -Assembly $assembly -PassThru -Force

# An assembly that the process has imported before comes from the engine's cache, whose cmdlets are not added to this
# module's exports: a second import, or another runspace, would have no commands.
$addExport = [System.Management.Automation.PSModuleInfo].GetMethod('AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
if ($addExport) {
    foreach ($command in $inner.ExportedCmdlets.Values) {
        $null = $addExport.Invoke($ExecutionContext.SessionState.Module, @($command))
    }
}

# Without this the inner module outlives the outer one, and "Import-Module -Force" leaves no commands.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force -ErrorAction Ignore }.GetNewClosure()
