@{
    RootModule           = 'module/SpotTrainer.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '0d3a6d2e-3f0b-4f55-9d0a-5b1a8f6f7c11'
    Author               = 'The SpotTrainer founders'
    CompanyName          = 'SpotTrainer'
    Copyright            = '(c) The SpotTrainer founders. MIT license.'
    Description          = 'Trains machine-learning models on EC2 Spot instances on a tight budget. Each step is a cmdlet, every instance has a deadline, and you can rehearse everything at no cost.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Core', 'Desktop')
    DotNetFrameworkVersion = '4.7.2'
    FormatsToProcess     = @('module/SpotTrainer.Format.ps1xml')
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Clear-SpotTrainingResource'
        'Connect-JupyterServer'
        'Connect-TrainingHost'
        'ConvertFrom-PuttyKey'
        'ConvertTo-PuttyKey'
        'Disconnect-JupyterServer'
        'Enter-SpotTrainingInstance'
        'Enter-TrainingHost'
        'Export-CondaLock'
        'Export-SshConfig'
        'Find-SpotOffer'
        'Get-JupyterServer'
        'Get-SpotPrice'
        'Get-SpotTrainingCost'
        'Get-SpotTrainingInstance'
        'Get-TrainingKeyPair'
        'Get-TrainingNotebook'
        'Get-TrainingTunnel'
        'Install-CondaStack'
        'Invoke-TrainingCommand'
        'New-JupyterPasswordHash'
        'New-PuttySession'
        'New-SpotTrainingInstance'
        'New-TrainingKeyPair'
        'New-TrainingSecurityGroup'
        'New-TrainingTunnel'
        'Receive-TrainingResult'
        'Remove-SpotTrainingInstance'
        'Remove-TrainingKeyPair'
        'Remove-TrainingTunnel'
        'Send-TrainingData'
        'Set-JupyterSecurity'
        'Set-SpotRehearsal'
        'Set-SpotTrainingDeadline'
        'Start-JupyterServer'
        'Start-PuttySession'
        'Start-SpotRehearsal'
        'Start-TrainingJob'
        'Stop-JupyterServer'
        'Stop-SpotRehearsal'
        'Test-SpotTrainingPlan'
        'Test-TrainingNotebook'
        'Update-TrainingSecurityGroup'
        'Wait-SpotTrainingInstance'
        'Wait-TrainingJob'
    )
    PrivateData          = @{
        PSData = @{
            Tags         = @('AWS', 'EC2', 'Spot', 'MachineLearning', 'Jupyter', 'SSH', 'PuTTY', 'PSEdition_Core', 'PSEdition_Desktop', 'Windows', 'Linux', 'MacOS')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'The first version. To start, read Get-Help about_SpotTrainer.'
        }
    }
}
