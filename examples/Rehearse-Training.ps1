<#
.SYNOPSIS
    Runs the whole tutorial in a rehearsal: from nothing to a trained model, without an account and at no cost.
.DESCRIPTION
    Starts a rehearsal, finds an offer, launches an instance, installs the Python stack, secures and starts Jupyter, sends the data,
    trains the notebook, fetches the results to -Destination, removes the instance, and ends the rehearsal. On AWS, run the same steps
    without the lines that start and stop the rehearsal.
.PARAMETER Destination
    The folder for the results.
#>
param(
    [string] $Destination = 'out'
)

$ErrorActionPreference = 'Stop'
$example = [System.IO.Path]::Combine($PSScriptRoot, 'breast-cancer')
if (-not (Get-Command -Name Start-SpotRehearsal -ErrorAction Ignore)) {
    Import-Module ([System.IO.Path]::Combine($PSScriptRoot, '..', 'SpotTrainer.psd1'))
}

# If a rehearsal is already running, it is not ours. This command then fails and does not touch it.
$rehearsal = Start-SpotRehearsal -InstallMissing
try {
    $rehearsal | Out-Host

    # The cheapest instance with two vCPUs and 4 GiB, for at most a quarter of a dollar and an hour.
    $offers = Find-SpotOffer -MinVCpu 2 -MinMemoryGiB 4 -Architecture x86_64 -First 5
    $offers | Out-Host
    $instance = $offers | New-SpotTrainingInstance -Name breast-cancer -Budget 0.25 -MaxHours 1
    $instance | Out-Host

    $stack = $instance | Install-CondaStack -Package scikit-learn, pandas, matplotlib, notebook
    $stack | Out-Host
    $security = $stack | Set-JupyterSecurity
    $security | Out-Host
    $server = $security | Start-JupyterServer
    $server | Out-Host

    $data = $instance | Send-TrainingData -Path ([System.IO.Path]::Combine($example, 'data'))
    $data | Out-Host
    $job = $data | Start-TrainingJob -Path ([System.IO.Path]::Combine($example, 'train.ipynb'))
    try {
        $job | Wait-TrainingJob | Out-Host
    }
    finally {
        # Fetch the results even if a cell has failed: the executed notebook shows why.
        $result = $job | Receive-TrainingResult -Destination $Destination
        $result | Out-Host
    }

    $server | Stop-JupyterServer | Out-Host
    $removed = $instance | Remove-SpotTrainingInstance
    $removed | Out-Host

    'Model:     {0:0.0} % of the held-out cases classified correctly, area under the ROC curve {1:0.000}' -f (100 * $result.Metrics.test_accuracy), $result.Metrics.test_roc_auc
    'Run:       {0:0} s on {1} in {2}' -f $removed.RunTime.TotalSeconds, $removed.InstanceType, $removed.Zone
    'Cost:      {0:0.000000} USD on Spot, {1:0.000000} USD on demand (what AWS would charge)' -f $removed.Cost, $removed.OnDemandCost
    'Results:   {0}' -f $result.Path
}
finally {
    # Runs after an error or Ctrl+C as well, so that no instance, no port, and no temporary folder is left behind.
    $rehearsal | Stop-SpotRehearsal | Out-Host
}
