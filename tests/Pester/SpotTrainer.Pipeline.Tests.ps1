#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    $onMachines = 'Install-CondaStack', 'Invoke-TrainingCommand', 'New-PuttySession', 'Remove-SpotTrainingInstance', 'Send-TrainingData',
        'Set-JupyterSecurity', 'Set-SpotTrainingDeadline', 'Start-JupyterServer', 'Start-TrainingJob', 'Stop-JupyterServer', 'Wait-SpotTrainingInstance' | ForEach-Object { @{ Name = $_ } }
    $onJobs = 'Receive-TrainingResult', 'Wait-TrainingJob' | ForEach-Object { @{ Name = $_ } }
    $changing = 'Clear-SpotTrainingResource', 'ConvertFrom-PuttyKey', 'ConvertTo-PuttyKey', 'Install-CondaStack', 'Invoke-TrainingCommand', 'New-PuttySession', 'New-SpotTrainingInstance',
        'New-TrainingKeyPair', 'New-TrainingSecurityGroup', 'Receive-TrainingResult', 'Remove-SpotTrainingInstance', 'Remove-TrainingKeyPair', 'Send-TrainingData',
        'Set-JupyterSecurity', 'Set-SpotRehearsal', 'Set-SpotTrainingDeadline', 'Start-JupyterServer', 'Start-PuttySession', 'Start-SpotRehearsal', 'Start-TrainingJob', 'Stop-JupyterServer',
        'Stop-SpotRehearsal', 'Update-TrainingSecurityGroup' | ForEach-Object { @{ Name = $_ } }
    $reading = 'Connect-TrainingHost', 'Find-SpotOffer', 'Get-SpotPrice', 'Get-SpotTrainingCost', 'Get-SpotTrainingInstance', 'Get-TrainingKeyPair', 'Test-SpotTrainingPlan', 'Wait-SpotTrainingInstance', 'Wait-TrainingJob' |
        ForEach-Object { @{ Name = $_ } }
}

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
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
        $type = (Get-Command $Name).OutputType[0].Type
        if ($type.FullName -ne 'SpotTrainer.Instances.SpotTrainingInstance') {
            $type.GetProperty('Instance').PropertyType.FullName | Should -Be 'SpotTrainer.Remote.TrainingHost'
        }
    }

    It 'New-SpotTrainingInstance takes offers from the pipeline' {
        $binding = (Get-Command New-SpotTrainingInstance).Parameters['Offer'].Attributes |
            Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] }
        $binding.ValueFromPipeline | Should -BeTrue
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

    It 'Start-SpotRehearsal -WhatIf starts none' {
        Start-SpotRehearsal -WhatIf | Should -BeNullOrEmpty
        Assert-StepErrorId (Get-StepError { Stop-SpotRehearsal }) 'NoRehearsal'
    }
}

Describe 'Tab completion' {
    It 'completes regions' {
        Get-Completion 'Find-SpotOffer -Region eu-w' | Should -Be 'eu-west-1', 'eu-west-2', 'eu-west-3'
    }

    It 'completes images' {
        Get-Completion 'New-SpotTrainingInstance -Image ' | Should -Contain 'ubuntu-24.04'
    }

    It 'completes algorithms' {
        Get-Completion 'New-TrainingKeyPair -Algorithm ' | Should -Be 'ECDSA', 'Ed25519', 'RSA'
    }

    It 'completes the profiles of the AWS tools' {
        $file = Join-Path $TestDrive 'credentials'
        Set-Content -LiteralPath $file -Value '[for-tests]', 'aws_access_key_id = none', 'aws_secret_access_key = none'
        $before = $env:AWS_SHARED_CREDENTIALS_FILE
        try {
            $env:AWS_SHARED_CREDENTIALS_FILE = $file
            Get-Completion 'Find-SpotOffer -ProfileName for' | Should -Be 'for-tests'
        }
        finally {
            $env:AWS_SHARED_CREDENTIALS_FILE = $before
        }
    }
}

Describe 'Errors that need no machine' {
    It 'names a notebook that is not there, before anything is done' {
        $path = Join-Path $TestDrive 'missing.ipynb'
        $record = Get-StepError { @() | Start-TrainingJob -Path $path }
        Assert-StepError $record NotebookNotFound ObjectNotFound
        $record.TargetObject | Should -Be $path
    }

    It 'names a file that is no notebook' {
        $path = Join-Path $TestDrive 'text.ipynb'
        Set-Content -LiteralPath $path -Value 'no notebook'
        Assert-StepError (Get-StepError { @() | Start-TrainingJob -Path $path }) NotebookInvalid InvalidData
    }

    It 'names data that are not there' {
        $path = Join-Path $TestDrive 'missing.csv'
        $record = Get-StepError { @() | Send-TrainingData -Path $path }
        Assert-StepError $record DataNotFound ObjectNotFound
        "$($record.TargetObject)" | Should -Be $path
    }

    It 'names a key that is not there' {
        $path = Join-Path $TestDrive 'missing.pem'
        $record = Get-StepError { ConvertTo-PuttyKey -Path $path }
        Assert-StepError $record KeyNotFound ObjectNotFound
        $record.TargetObject | Should -Be $path
    }

    It 'names a key that can not be read' {
        $path = Join-Path $TestDrive 'broken.pem'
        Set-Content -LiteralPath $path -Value 'no key'
        $record = Get-StepError { ConvertTo-PuttyKey -Path $path }
        Assert-StepError $record KeyUnreadable InvalidData
        $record.TargetObject | Should -Be $path
        Join-Path $TestDrive 'broken.ppk' | Should -Not -Exist
    }
}

Describe 'On a rehearsal' -Skip:(-not $IsLinux) {
    BeforeAll {
        Start-SpotRehearsal -InstallMissing 6> $null
    }

    AfterAll {
        Stop-SpotRehearsal -ErrorAction Ignore
    }

    It 'launches nothing with -WhatIf' {
        Find-SpotOffer -First 1 | New-SpotTrainingInstance -WhatIf | Should -BeNullOrEmpty
        Get-SpotTrainingInstance -IncludeTerminated | Should -BeNullOrEmpty
    }

    It 'makes no key with -WhatIf' {
        New-TrainingKeyPair -Name what-if -WhatIf | Should -BeNullOrEmpty
        (New-TrainingKeyPair -Name what-if).Name | Should -Be 'what-if'
    }

    It 'removes no key with -WhatIf' {
        $pair = New-TrainingKeyPair -Name remove-what-if
        $pair | Remove-TrainingKeyPair -WhatIf | Should -BeNullOrEmpty
        (Get-TrainingKeyPair remove-what-if).State | Should -Be 'Matched'
        ($pair | Remove-TrainingKeyPair -Confirm:$false).State | Should -Be 'Removed'
        Get-TrainingKeyPair remove-what-if | Should -BeNullOrEmpty
        $pair.KeyPath | Should -Not -Exist
    }

    It 'writes no PuTTY key with -WhatIf' {
        $path = Join-Path $TestDrive 'key.ppk'
        $pair = New-TrainingKeyPair -Name putty
        $pair | ConvertTo-PuttyKey -Destination $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        ($pair | ConvertTo-PuttyKey -Destination $path).Fingerprint | Should -Be $pair.Fingerprint
        Get-Content -LiteralPath $path -TotalCount 1 | Should -Be 'PuTTY-User-Key-File-3: ssh-ed25519'
    }

    It 'names the cheapest offer when none is under the price' {
        $record = Get-StepError { Find-SpotOffer -MinVCpu 2 -MaxPrice 0.0001 }
        Assert-StepError $record NoOfferUnderPrice LimitsExceeded
        "$record" | Should -Match 'the cheapest is'
    }

    It 'names an instance type that there is not' {
        Assert-StepError (Get-StepError { Find-SpotOffer z99.huge }) UnknownInstanceType ObjectNotFound
    }

    It 'refuses a budget that pays for nothing' {
        $offer = Find-SpotOffer -First 1
        Assert-StepError (Get-StepError { $offer | New-SpotTrainingInstance -Budget 0.001 }) BudgetTooSmall LimitsExceeded
    }

    It 'refuses a profile beside a rehearsal' {
        Assert-StepErrorId (Get-StepError { Find-SpotOffer -ProfileName other }) 'RehearsalActive'
    }

    It 'names a host that does not answer' {
        # A port that was free a moment ago: nothing listens on it.
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        $key = (New-TrainingKeyPair -Name unreachable).KeyPath
        $record = Get-StepError {
            Connect-TrainingHost 127.0.0.1 nobody -Port $port -KeyPath $key -HostKey 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
        }
        Assert-StepError $record HostUnreachable ConnectionError
    }

    It 'does not trust a host unseen' {
        $key = (New-TrainingKeyPair -Name unseen).KeyPath
        Assert-StepError (Get-StepError { Connect-TrainingHost unseen.invalid nobody -KeyPath $key }) HostKeyUnknown SecurityError
    }
}
