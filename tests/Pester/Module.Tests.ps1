#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
    $commands = Get-Command -Module SpotTrainer | ForEach-Object { @{ Name = $_.Name } }
    $isPackage = $manifest -eq $packaged
    $onMachines = 'Connect-JupyterServer', 'Disconnect-JupyterServer', 'Get-JupyterServer', 'Install-CondaStack', 'Invoke-TrainingCommand', 'New-PuttySession', 'New-TrainingTunnel', 'Remove-SpotTrainingInstance', 'Send-TrainingData',
        'Set-JupyterSecurity', 'Set-SpotTrainingDeadline', 'Start-JupyterServer', 'Start-TrainingJob', 'Stop-JupyterServer', 'Wait-SpotTrainingInstance' | ForEach-Object { @{ Name = $_ } }
    $onJobs = 'Receive-TrainingResult', 'Wait-TrainingJob' | ForEach-Object { @{ Name = $_ } }
    $changing = 'Clear-SpotTrainingResource', 'Connect-JupyterServer', 'ConvertFrom-PuttyKey', 'ConvertTo-PuttyKey', 'Disconnect-JupyterServer', 'Export-CondaLock', 'Export-SshConfig', 'Install-CondaStack', 'Invoke-TrainingCommand', 'New-PuttySession', 'New-SpotTrainingInstance',
        'New-TrainingKeyPair', 'New-TrainingSecurityGroup', 'New-TrainingTunnel', 'Receive-TrainingResult', 'Remove-SpotTrainingInstance', 'Remove-TrainingKeyPair', 'Remove-TrainingTunnel', 'Send-TrainingData',
        'Set-JupyterSecurity', 'Set-SpotRehearsal', 'Set-SpotTrainingDeadline', 'Start-JupyterServer', 'Start-PuttySession', 'Start-SpotRehearsal', 'Start-TrainingJob', 'Stop-JupyterServer',
        'Stop-SpotRehearsal', 'Update-TrainingSecurityGroup' | ForEach-Object { @{ Name = $_ } }
    $reading = 'Connect-TrainingHost', 'Enter-SpotTrainingInstance', 'Enter-TrainingHost', 'Find-SpotOffer', 'Get-JupyterServer', 'Get-SpotPrice', 'Get-SpotTrainingCost', 'Get-SpotTrainingInstance', 'Get-TrainingKeyPair', 'Get-TrainingNotebook', 'Get-TrainingTunnel', 'New-JupyterPasswordHash', 'Test-SpotTrainingPlan', 'Test-TrainingNotebook', 'Wait-SpotTrainingInstance', 'Wait-TrainingJob' |
        ForEach-Object { @{ Name = $_ } }
}

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
    $declared = (Import-PowerShellDataFile -LiteralPath $manifest).CmdletsToExport
}

Describe 'The module' {
    It 'has a manifest that holds' {
        Test-ModuleManifest -Path $manifest -ErrorAction Stop | Should -Not -BeNullOrEmpty
    }

    It 'shows the advice of an error once' {
        try { Connect-TrainingHost nobody.invalid somebody -KeyPath $PSCommandPath -ErrorAction Stop } catch { $record = $_ }
        $shown = ($record | Out-String -Width 1000) -replace '\e\[[\d;]*m' -replace '[\s|]+', ' '
        [regex]::Matches($shown, [regex]::Escape($record.Exception.NextStep)).Count | Should -Be 1
    }

    It 'exports the cmdlets that the manifest names, and nothing else' {
        $exported = Get-Command -Module SpotTrainer
        $exported.Name | Sort-Object | Should -Be ($declared | Sort-Object)
        $exported.CommandType | Sort-Object -Unique | Should -Be 'Cmdlet'
        (Get-Module SpotTrainer).ExportedVariables.Count | Should -Be 0
        (Get-Module SpotTrainer).ExportedAliases.Count | Should -Be 0
    }

    It 'has every cmdlet after it was imported again, twice' {
        Import-Module $manifest -Force
        Import-Module $manifest -Force
        (Get-Command -Module SpotTrainer).Count | Should -Be $declared.Count
        Get-Command Find-SpotOffer -Syntax | Should -Match 'MinVCpu'
    }

    It 'leaves no command behind when it is removed' {
        Remove-Module SpotTrainer
        try {
            $declared | ForEach-Object { Get-Command $_ -ErrorAction Ignore } | Where-Object { $_.Module } | Should -BeNullOrEmpty
        }
        finally {
            Import-Module $manifest -Force
        }
    }

    It 'ships no assembly of PowerShell' {
        $shipped = Get-ChildItem -LiteralPath (Join-Path (Get-Module SpotTrainer).ModuleBase 'module') -Recurse -File -Filter '*.dll'
        $shipped.Name | Should -Contain 'SpotTrainer.dll'
        $shipped.Name | Where-Object { $_ -match '^(System\.Management\.Automation|Microsoft\.PowerShell\.|Microsoft\.Management\.Infrastructure)' } |
            Should -BeNullOrEmpty
    }

    It 'has a file of tests for each cmdlet, and no other' {
        $files = Get-ChildItem -LiteralPath $PSScriptRoot -Filter *-*.Tests.ps1
        $files.Name -replace '\.Tests\.ps1$' | Sort-Object | Should -Be ($declared | Sort-Object)
    }

    It 'has about topics' {
        foreach ($topic in 'about_SpotTrainer', 'about_SpotTrainer_Connection', 'about_SpotTrainer_Jupyter', 'about_SpotTrainer_Money', 'about_SpotTrainer_Transfer', 'about_SpotTrainer_Unattended') {
            Get-Help $topic | Out-String | Should -Match "TOPIC\s+$topic\s"
        }
    }
}

Describe '<Name>' -ForEach $commands {
    BeforeAll {
        $command = Get-Command $Name
    }

    It 'has an approved verb' {
        (Get-Verb -Verb $command.Verb).Verb | Should -Be $command.Verb
    }

    It 'has a noun in the singular' {
        # Data has no other form.
        $command.Noun | Should -Match '([^s]|ss)$|Data$'
    }

    It 'has help of its own: synopsis, description, an example, every parameter' {
        $help = Get-Help $Name -Full
        # Without a page PowerShell gives the syntax in place of the synopsis.
        $help.Synopsis.Trim() | Should -Not -Match "^$Name"
        $help.Synopsis.Trim() | Should -Not -BeNullOrEmpty
        $help.Description | Out-String | Should -Match '\w'
        $help.Examples.Example | Should -Not -BeNullOrEmpty
        $described = $help.Parameters.Parameter | Where-Object { $_.Description } | ForEach-Object { $_.Name }
        $common = [System.Management.Automation.Cmdlet]::CommonParameters
        $command.Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $described } | Should -BeNullOrEmpty
    }
}

Describe 'Output' {
    # A terminal gives nothing to the pipeline, and neither does the end of a tunnel.
    It '<Name> says what it gives, in a type of the module' -ForEach ($commands | Where-Object { $_.Name -notlike 'Enter-*' -and $_.Name -ne 'Remove-TrainingTunnel' }) {
        $types = (Get-Command $Name).OutputType
        $types | Should -Not -BeNullOrEmpty
        $types.Name | ForEach-Object { $_ | Should -Match '^(SpotTrainer\.|System\.(Diagnostics\.Process|String|Byte\[\])$)' }
    }
}

Describe 'Binding' {
    It '<Name> takes machines from the pipeline, by value and by the property Instance' -ForEach $onMachines {
        $parameter = (Get-Command $Name).Parameters['Instance']
        $parameter.ParameterType.FullName | Should -Be 'SpotTrainer.Remote.TrainingHost[]'
        $binding = $parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] }
        $binding.Mandatory | Should -BeTrue
        $binding.ValueFromPipeline | Should -BeTrue
        $binding.ValueFromPipelineByPropertyName | Should -BeTrue
    }

    It '<Name> takes jobs from the pipeline' -ForEach $onJobs {
        $parameter = (Get-Command $Name).Parameters['Job']
        $parameter.ParameterType.FullName | Should -Be 'SpotTrainer.Jobs.TrainingJob[]'
        ($parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] }).ValueFromPipeline | Should -BeTrue
    }

    It '<Name> works on several at once' -ForEach ($onMachines + $onJobs) {
        (Get-Command $Name).Parameters.Keys | Should -Contain 'ThrottleLimit'
    }

    It '<Name> gives an object that the next step on a machine can take' -ForEach ($onMachines | Where-Object { $_.Name -ne 'Remove-SpotTrainingInstance' }) {
        # Invoke-TrainingCommand also gives text and bytes.
        $type = (Get-Command $Name).OutputType.Type | Where-Object FullName -like 'SpotTrainer.*' | Select-Object -First 1
        if ($type.FullName -ne 'SpotTrainer.Instances.SpotTrainingInstance') {
            $type.GetProperty('Instance').PropertyType.FullName | Should -Be 'SpotTrainer.Remote.TrainingHost'
        }
    }

    It 'shows no type of a library in a parameter or an output' {
        foreach ($command in Get-Command -Module SpotTrainer) {
            $types = @($command.Parameters.Values.ParameterType.FullName) + @($command.OutputType.Name)
            $types | Where-Object { $_ -match '^(Amazon|Renci|Org\.BouncyCastle)\.' } | Should -BeNullOrEmpty -Because $command.Name
        }
    }
}

Describe 'ShouldProcess' {
    It '<Name> has -WhatIf and -Confirm' -ForEach $changing {
        (Get-Command $Name).Parameters.Keys | Should -Contain 'WhatIf'
        (Get-Command $Name).Parameters.Keys | Should -Contain 'Confirm'
    }

    It '<Name> changes nothing, and has no -WhatIf' -ForEach $reading {
        (Get-Command $Name).Parameters.Keys | Should -Not -Contain 'WhatIf'
    }
}
