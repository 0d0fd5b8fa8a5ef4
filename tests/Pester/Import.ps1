# Dot-sourced by every file of tests: imports the module as a user does, and gives what the tests share. The package is
# preferred, because that is what users get; without one the repository itself is imported, as 'dotnet build' leaves it.

$repository = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
$version = (Import-PowerShellDataFile -LiteralPath ([System.IO.Path]::Combine($repository, 'SpotTrainer.psd1'))).ModuleVersion
$packaged = [System.IO.Path]::Combine($repository, 'artifacts', 'SpotTrainer', $version, 'SpotTrainer.psd1')
$manifest = if (Test-Path -LiteralPath $packaged) { $packaged } else { [System.IO.Path]::Combine($repository, 'SpotTrainer.psd1') }
$example = [System.IO.Path]::Combine($repository, 'examples', 'breast-cancer')
if ((Get-Module SpotTrainer).ModuleBase -ne [System.IO.Path]::GetDirectoryName($manifest)) {
    # Two modules of one name would both answer to it.
    Remove-Module SpotTrainer -Force -ErrorAction Ignore
    Import-Module $manifest
}

# The rehearsal that is on for the tests. A run that started one keeps it for all files; else each file has its own.
function Enter-Rehearsal {
    $run = $global:SpotTrainerTests
    if (-not $run) {
        $run = $global:SpotTrainerTests = @{ Keep = $false; Rehearsal = $null; Made = @{}; Folder = $null }
        $folder = Join-Path ([System.IO.Path]::GetTempPath()) "spottrainer-pester-$(New-Guid)"
        $run.Folder = (New-Item -ItemType Directory -Path $folder).FullName
    }

    if ($run.Rehearsal.State -ne 'running') {
        $run.Made = @{}
        $run.Rehearsal = Start-SpotRehearsal -InstallMissing 6> $null
    }

    $run.Rehearsal
}

function Exit-Rehearsal {
    $run = $global:SpotTrainerTests
    if ($run -and -not $run.Keep) {
        Stop-SpotRehearsal -ErrorAction Ignore | Out-Null
        Remove-Item -LiteralPath $run.Folder -Recurse -Force
        Remove-Variable SpotTrainerTests -Scope Global
    }
}

# What several files look at: the first that asks makes it, and it stays as long as the rehearsal.
function Get-Made {
    param([string] $Name, [scriptblock] $Make)

    $made = $global:SpotTrainerTests.Made
    if (-not $made.ContainsKey($Name)) { $made[$Name] = & $Make }
    $made[$Name]
}

# After a sweep nothing of it is there any more.
function Clear-Made {
    $global:SpotTrainerTests.Made = @{}
}

# Runs a script as on a computer with another culture.
function Use-Culture {
    param([string] $Name, [scriptblock] $Script)

    $before = [cultureinfo]::CurrentCulture
    try {
        [cultureinfo]::CurrentCulture = $Name
        & $Script
    }
    finally {
        [cultureinfo]::CurrentCulture = $before
    }
}

# The whole way, step by step, as examples/Rehearse-Training.ps1 goes it.
function Get-TestOffer {
    Get-Made offer { Find-SpotOffer -MinVCpu 2 -MinMemoryGiB 4 -Architecture x86_64 -First 5 }
}

function Get-TestInstance {
    Get-Made instance { Get-TestOffer | New-SpotTrainingInstance -Name pester -Budget 0.25 -MaxHours 1 6> $null }
}

function Get-TestStack {
    Get-Made stack { Get-TestInstance | Install-CondaStack -Package scikit-learn, pandas, matplotlib, notebook }
}

function Get-TestSecurity {
    Get-Made security { Get-TestStack | Set-JupyterSecurity }
}

function Get-TestServer {
    Get-Made server { Get-TestSecurity | Start-JupyterServer }
}

function Get-TestData {
    $null = Get-TestStack
    Get-Made data { Get-TestInstance | Send-TrainingData -Path (Join-Path $example 'data') }
}

function Get-TestJob {
    Get-Made job { Get-TestData | Start-TrainingJob -Path (Join-Path $example 'train.ipynb') }
}

function Get-TestEndedJob {
    Get-Made ended { Get-TestJob | Wait-TrainingJob }
}

function Get-TestResult {
    Get-Made result { Get-TestEndedJob | Receive-TrainingResult -Destination (Join-Path $global:SpotTrainerTests.Folder 'result') }
}

# Two machines of one launch, each with half of the budget.
function Get-TestPair {
    Get-Made pair {
        Find-SpotOffer m7i.large -First 1 |
            New-SpotTrainingInstance -Count 2 -Name half -Budget 0.4 -MaxHours 100 -NoWait -InformationAction Ignore
    }
}

# An object as a user sees it.
function Show {
    param($Object)

    $Object | Out-String -Width 250
}

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
    $Record.Exception.NextStep | Should -Not -BeNullOrEmpty
    "$Record" | Should -BeLike "*$([WildcardPattern]::Escape($Record.Exception.NextStep))"
    "$Record" | Should -Not -Match '\s+at SpotTrainer\.'
}

function Get-Completion {
    param([string] $Line)

    (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches.CompletionText
}
