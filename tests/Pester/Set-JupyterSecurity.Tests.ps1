#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'Set-JupyterSecurity' -Skip:(-not $IsLinux) {
    BeforeAll {
        $null = Enter-Rehearsal
    }

    AfterAll {
        Exit-Rehearsal
    }

    It 'secures Jupyter, and keeps the password here' {
        $security = Get-TestSecurity
        $security.Password | Should -BeOfType [securestring]
        $clear = [System.Net.NetworkCredential]::new('', $security.Password).Password
        $found = Invoke-TrainingCommand -Result "grep -rcF '$clear' ~/spottrainer/jupyter | grep -v ':0`$'" -Instance (Get-TestInstance) -AllowFailure
        $found.Output.Trim() | Should -BeNullOrEmpty
        Show $security | Should -Match 'Instance\s+Port\s+Password\s+Valid until\s+Certificate\s+Server'
        Show $security | Should -Not -Match ([regex]::Escape($clear))
    }

    It 'gives a credential, and keeps it in a file for this user' {
        $security = Get-TestStack | Set-JupyterSecurity (Get-TestSecurity).Credential -SaveCredential
        $security.CertificateFingerprint | Should -Be (Get-TestSecurity).CertificateFingerprint
        $saved = Import-Clixml -LiteralPath $security.CredentialPath
        $saved.Credential.GetNetworkCredential().Password | Should -BeExactly $security.Credential.GetNetworkCredential().Password
        $saved.Token | Should -BeOfType [securestring]
        [int](Get-Item -LiteralPath $security.CredentialPath).UnixFileMode | Should -Be 0x180
        $security | Format-List * | Out-String | Should -Not -Match ([System.Net.NetworkCredential]::new('', $saved.Token).Password)
    }

    It 'refuses a password in text, and does not show it' {
        $record = Get-StepError { Get-TestInstance | Set-JupyterSecurity hunter2 }
        Assert-StepError $record PasswordIsText InvalidArgument
        Show $record | Should -Not -Match 'hunter2'
    }

    It 'refuses settings of the user that leave it open' {
        $null = Get-TestInstance | Invoke-TrainingCommand 'mkdir -p .jupyter; echo "c.NotebookApp.disable_check_xsrf = True" > .jupyter/jupyter_config.py'
        try {
            Assert-StepError (Get-StepError { Get-TestStack | Set-JupyterSecurity }) JupyterOpen SecurityError
        }
        finally {
            $null = Get-TestInstance | Invoke-TrainingCommand 'rm .jupyter/jupyter_config.py'
        }
    }

    It 'refuses an empty password, and a short one for an open port' {
        $instance = Get-TestSecurity | ForEach-Object Instance
        Assert-StepError (Get-StepError { $instance | Set-JupyterSecurity -Password ([securestring]::new()) }) PasswordEmpty SecurityError

        $short = [securestring]::new()
        'eleven-char'.ToCharArray() | ForEach-Object { $short.AppendChar($_) }
        try {
            $null = $instance | Stop-JupyterServer -ErrorAction SilentlyContinue
            $null = $instance | Set-JupyterSecurity -Password $short
            Assert-StepError (Get-StepError { $instance | Start-JupyterServer -OpenPort }) PasswordTooShort SecurityError
        }
        finally {
            $null = $instance | Set-JupyterSecurity
            $global:SpotTrainerTests.Made.Remove('server')
        }
    }
}
