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
        $found = Invoke-TrainingCommand "grep -rcF '$clear' ~/spottrainer/jupyter | grep -v ':0`$'" -Instance (Get-TestInstance) -AllowFailure
        $found.Output.Trim() | Should -BeNullOrEmpty
        Show $security | Should -Match 'Instance\s+Password\s+Valid until\s+Certificate'
        Show $security | Should -Not -Match ([regex]::Escape($clear))
    }
}
