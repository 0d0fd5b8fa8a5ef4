#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Connect-TrainingHost' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'takes a machine whose host key is known' {
        $instance = Get-TestInstance
        $known = @{ Port = $instance.Port; KeyPath = $instance.KeyPath; HostKey = $instance.HostKeys }
        $found = Connect-TrainingHost $instance.HostName $instance.UserName @known
        $found.GetType().FullName | Should -Be 'SpotTrainer.Remote.TrainingHost'
        ($found | Invoke-TrainingCommand -Result 'id -un').Output.Trim() | Should -Be $instance.UserName
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

    It 'does not trust a host unseen, and shows the key that it presents' {
        $instance = Get-TestInstance
        $record = Get-StepError {
            Connect-TrainingHost "$($instance.UserName)@$($instance.HostName):$($instance.Port)" -KeyPath $instance.KeyPath
        }
        Assert-StepError $record HostKeyUnknown SecurityError
        @($instance.HostKeys | Where-Object { "$record" -like "*$_*" }).Count | Should -Be 1
    }

    It 'names a host name that does not resolve' {
        $key = (New-TrainingKeyPair -Name unseen).KeyPath
        Assert-StepError (Get-StepError { Connect-TrainingHost unseen.invalid nobody -KeyPath $key }) HostNameUnknown ObjectNotFound
    }

    It 'takes user@host:port' {
        $instance = Get-TestInstance
        $text = "ssh://$($instance.UserName)@$($instance.HostName):$($instance.Port)"
        $found = $text | Connect-TrainingHost -KeyPath $instance.KeyPath -HostKey $instance.HostKeys
        $found.UserName, $found.HostName, $found.Port | Should -Be $instance.UserName, $instance.HostName, $instance.Port
    }

    It 'names what is wrong with a private key: <Fault>' -ForEach @(
        @{ Fault = 'wrong'; Id = 'LoginRefused' }
        @{ Fault = 'readable'; Id = 'KeyTooOpen' }
        @{ Fault = 'encrypted'; Id = 'KeyPassphraseWrong' }
    ) {
        $instance = Get-TestInstance
        $key = Join-Path $TestDrive $Fault
        $secret = if ($Fault -eq 'encrypted') { 'made-for-tests' } else { '' }
        & ssh-keygen -q -t ed25519 -N $secret -C made-for-tests -f $key
        if ($Fault -eq 'readable') { chmod 644 $key }
        $known = @{ Port = $instance.Port; KeyPath = $key; HostKey = $instance.HostKeys }
        if ($secret) { $known.Passphrase = ConvertTo-SecureString wrong -AsPlainText -Force }
        $record = Get-StepError { Connect-TrainingHost $instance.HostName $instance.UserName @known }
        Assert-StepErrorId $record $Id
        "$record" | Should -Match ([regex]::Escape($key))
    }

    It 'shows an IPv6 address so that the port can be told from it' {
        $known = @{ KeyPath = (New-TrainingKeyPair -Name six).KeyPath; HostKey = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU' }
        $record = Get-StepError { Connect-TrainingHost 'me@[::1]:1' @known }
        Assert-StepError $record HostUnreachable ConnectionError
        "$record" | Should -Match 'me@\[::1\]:1\b'
    }

    It 'names <Id> in <Line>' -ForEach @(
        @{ Line = 'me@host you'; Id = 'HostNameHasUser' }
        @{ Line = 'me@host:22 -Port 23'; Id = 'HostNameHasPort' }
        @{ Line = 'host'; Id = 'UserNameMissing' }
        @{ Line = "'two words' me"; Id = 'HostNameInvalid' }
    ) {
        Assert-StepError (Get-StepError ([scriptblock]::Create("Connect-TrainingHost $Line -KeyPath key"))) $Id InvalidArgument
    }

    It 'has -Force only with -TrustNewHostKey' {
        (Get-StepError { Connect-TrainingHost me@host -KeyPath key -HostKey x -Force }).FullyQualifiedErrorId |
            Should -Match '^(AmbiguousParameterSet|MissingMandatoryParameter)'
    }

    It 'refuses <_> as a host key' -ForEach '$null', '@($null)', "''" {
        $record = Get-StepError ([scriptblock]::Create("Connect-TrainingHost 127.0.0.1 nobody -KeyPath key -HostKey $_"))
        $record.FullyQualifiedErrorId | Should -Match '^(ParameterArgumentValidationError|HostKeyInvalid)'
    }

    It 'refuses a machine that has another host key' {
        $instance = Get-TestInstance
        $record = Get-StepError {
            Connect-TrainingHost $instance.HostName $instance.UserName -Port $instance.Port -KeyPath $instance.KeyPath -HostKey (
                'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU')
        }
        Assert-StepError $record HostKeyMismatch SecurityError
    }
}
