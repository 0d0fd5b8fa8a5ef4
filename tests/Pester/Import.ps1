# Dot-sourced by every file of tests: imports the module as a user does, and gives what the tests share. The package is
# preferred, because that is what users get; without one the repository itself is imported, as 'dotnet build' leaves it.

$repository = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
$version = (Import-PowerShellDataFile -LiteralPath ([System.IO.Path]::Combine($repository, 'SpotTrainer.psd1'))).ModuleVersion
$packaged = [System.IO.Path]::Combine($repository, 'artifacts', 'SpotTrainer', $version, 'SpotTrainer.psd1')
$manifest = if (Test-Path -LiteralPath $packaged) { $packaged } else { [System.IO.Path]::Combine($repository, 'SpotTrainer.psd1') }
$example = [System.IO.Path]::Combine($repository, 'examples', 'breast-cancer')
Import-Module $manifest -Force

# The errors of a step, whether it wrote them or ended with one.
function Get-StepError {
    param([scriptblock] $Step)

    try {
        & $Step 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }
    }
    catch {
        $_
    }
}

# One error, of this id.
function Assert-StepErrorId {
    param($Record, [string] $Id)

    @($Record).Count | Should -Be 1
    $Record.FullyQualifiedErrorId.Split(',')[0] | Should -Be $Id
}

# One error that says everything a user needs.
function Assert-StepError {
    param($Record, [string] $Id, [System.Management.Automation.ErrorCategory] $Category)

    Assert-StepErrorId $Record $Id
    $Record.CategoryInfo.Category | Should -Be $Category
    $Record.TargetObject | Should -Not -BeNullOrEmpty
    $Record.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    "$Record" | Should -Not -Match '\s+at SpotTrainer\.'
}

function Get-Completion {
    param([string] $Line)

    (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches.CompletionText
}
