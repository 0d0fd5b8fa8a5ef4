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
        Show $security | Should -Match 'Instance\s+Password\s+Valid until\s+Certificate'
        Show $security | Should -Not -Match ([regex]::Escape($clear))
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
