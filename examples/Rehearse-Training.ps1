<#
.SYNOPSIS
    The whole tutorial on the rehearsal: from nothing to a trained model, without an account and without cost.
.DESCRIPTION
    Starts the rehearsal, finds an offer, launches an instance, installs the Python stack, secures and starts Jupyter, sends the data,
    trains the notebook, fetches the results to -Destination, removes the instance and ends the rehearsal. On AWS the same steps
    run without the first and the last line of the try block.
.PARAMETER Destination
    The folder of the results.
#>
param(
    [string] $Destination = 'out'
)

$ErrorActionPreference = 'Stop'
$example = [System.IO.Path]::Combine($PSScriptRoot, 'breast-cancer')
if (-not (Get-Command -Name Start-SpotRehearsal -ErrorAction Ignore)) {
    Import-Module ([System.IO.Path]::Combine($PSScriptRoot, '..', 'SpotTrainer.psd1'))
}

# One that is on already is somebody else's: this fails, and leaves it alone.
$rehearsal = Start-SpotRehearsal -InstallMissing
try {
    $rehearsal | Out-Host

    # The cheapest machine with two processors and 4 GiB, for a quarter of a dollar and an hour at most.
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
        # Also after a cell has failed: the executed notebook shows why.
        $result = $job | Receive-TrainingResult -Destination $Destination
        $result | Out-Host
    }

    $server | Stop-JupyterServer | Out-Host
    $removed = $instance | Remove-SpotTrainingInstance
    $removed | Out-Host

    'Model:     {0:0.0} % of the held-out cases right, area under the ROC curve {1:0.000}' -f (100 * $result.Metrics.test_accuracy), $result.Metrics.test_roc_auc
    'Run:       {0:0} s on {1} in {2}' -f $removed.RunTime.TotalSeconds, $removed.InstanceType, $removed.Zone
    'Cost:      {0:0.000000} USD on Spot, {1:0.000000} USD on demand: what AWS would charge for it' -f $removed.Cost, $removed.OnDemandCost
    'Results:   {0}' -f $result.Path
}
finally {
    # Also after an error and after Ctrl+C: no machine, no port and no temporary folder stays behind.
    $rehearsal | Stop-SpotRehearsal | Out-Host
}
